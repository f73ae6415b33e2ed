/* SPDX-License-Identifier: Apache-2.0
 * A source of type snmp: its devices are asked, and what they say becomes rows. */
#include "importer/inventory/inv_snmp.h"

#include <inttypes.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "importer/core/print.h"
#include "importer/dictionary/dict_layers.h"
#include "importer/inventory/inv_devices.h"
#include "importer/inventory/snmp_about.h"
#include "importer/inventory/snmp_ask.h"

#define CELL_ROOM    768
#define VERSION_ROOM 64

struct snmp_rows {
	const struct inv_source *source;
	struct inv_found *found;
	struct snmp_device *device;
	size_t n;
	json_t *by_own; /* address of an interface -> the place of its device, -1: of several */
	regex_t *role;  /* in the order of source->roles */
	size_t roles;
};

/* Networks only where `sets` names them. */
static const char *const kinds[] = { "exporters", "interfaces", "networks" };
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

static bool wants_networks(const struct inv_source *s)
{
	return s->sets.n > 0;
}

/* ---- cells ---------------------------------------------------------------------- */

struct snmp_cell {
	const char *column, *text; /* NULL: nothing */
};

/* A row of the columns that the source may set. */
static void add_row(const struct snmp_rows *r, const char *kind_name, const struct snmp_cell *cell,
		    size_t n, const char *origin)
{
	const struct dict_kind *kind = dict_kind_find(kind_name);
	char text[DICT_COLUMNS_MAX][CELL_ROOM];
	const char *cells[DICT_COLUMNS_MAX];

	if (!inv_source_sets(r->source, kind, NULL))
		return;
	for (size_t i = 0; i < kind->columns; i++) {
		const struct dict_column *column = &kind->column[i];

		text[i][0] = '\0';
		cells[i] = text[i];
		for (size_t k = 0; k < n; k++)
			if (strcmp(cell[k].column, column->name) == 0 && cell[k].text &&
			    (column->key || inv_source_sets(r->source, kind, column->name))) {
				snprintf(text[i], sizeof(text[i]), "%s", cell[k].text);
				cells[i] = inv_cell_clean(text[i]);
			}
	}
	inv_found_add(r->found, kind, cells, origin, 0);
}

static void add_exporter(const struct snmp_rows *r, const struct snmp_device *d,
			 const char *address, const char *origin)
{
	char version[VERSION_ROOM];
	const struct snmp_cell cells[] = {
		{ "prefix", address },
		{ "name", d->name },
		{ "vendor", snmp_maker(d->maker) },
		{ "product", d->product },
		{ "version", d->version && *d->version
				 ? d->version
				 : snmp_version(d->about, version, sizeof(version)) },
		{ "serial", d->serial },
	};

	add_row(r, "exporters", cells, sizeof(cells) / sizeof(cells[0]), origin);
}

/* The first role whose pattern is in the alias. */
static const char *role_of(const struct snmp_rows *r, const char *alias)
{
	size_t i = 0;
	const char *role;
	json_t *pattern;

	json_object_foreach (r->source->roles, role, pattern) {
		if (alias && i < r->roles && regexec(&r->role[i], alias, 0, NULL, 0) == 0)
			return role;
		i++;
	}
	return NULL;
}

static void add_interfaces(const struct snmp_rows *r, const struct snmp_device *d,
			   const char *address)
{
	if (d->ids == SNMP_IDS_OWN)
		return;
	for (size_t i = 0; i < d->interfaces; i++) {
		const struct snmp_interface *in = &d->interface[i];
		char index[16], speed[24] = "";

		snprintf(index, sizeof(index), "%" PRIu32, in->index);
		if (in->speed)
			snprintf(speed, sizeof(speed), "%" PRIu64, in->speed);
		const struct snmp_cell cells[] = {
			{ "exporter", address }, { "interface", index },
			{ "name", in->name },    { "alias", in->alias },
			{ "speed", speed },      { "role", role_of(r, in->alias) }
		};
		add_row(r, "interfaces", cells, sizeof(cells) / sizeof(cells[0]), "interfaces");
	}
}

/* ---- networks and other addresses ----------------------------------------------- */

/* Whether an address is of this device alone: neither loopback nor of the link, which all have. */
static bool is_telling(const struct ip *ip)
{
	static const char *const local[] = { "127.0.0.0/8", "169.254.0.0/16", "0.0.0.0/8",
					     "224.0.0.0/3", "::1/128",        "::/128",
					     "fe80::/10",   "ff00::/8" };

	for (size_t i = 0; i < sizeof(local) / sizeof(local[0]); i++) {
		struct prefix prefix;
		struct err unused = ERR_NONE;

		if (prefix_parse(local[i], false, &prefix, &unused) == 0 &&
		    prefix_holds(&prefix, ip))
			return false;
	}
	return true;
}

static const struct snmp_interface *interface_of(const struct snmp_device *d, uint32_t index)
{
	for (size_t i = 0; i < d->interfaces; i++)
		if (d->interface[i].index == index)
			return &d->interface[i];
	return NULL;
}

/* What the interface is said to be for is what its network is: nothing else on a router says. Not
 * of a host alone, and only where `sets` names networks: an inventory knows better. */
static void add_network(const struct snmp_rows *r, const struct snmp_device *d,
			const struct snmp_own *own)
{
	const struct snmp_interface *in = interface_of(d, own->interface);
	int most = ip_is_v4(&own->ip) ? 32 : 128;
	char address[IP_TEXT_MAX], text[IP_TEXT_MAX + 8], prefix[IP_TEXT_MAX + 8];
	struct prefix network;
	struct err unused = ERR_NONE;

	if (!in || !in->alias || !*in->alias || own->bits < 1 || own->bits >= most ||
	    !is_telling(&own->ip))
		return;
	ip_format(&own->ip, address);
	snprintf(text, sizeof(text), "%s/%d", address, own->bits);
	if (prefix_parse(text, true, &network, &unused) != 0)
		return;
	ip_format(&network.ip, address);
	snprintf(prefix, sizeof(prefix), "%s/%d", address, own->bits);
	const struct snmp_cell cells[] = { { "prefix", prefix }, { "name", in->alias } };
	add_row(r, "networks", cells, 2, "networks");
}

static bool is_same_device(const struct snmp_device *a, const struct snmp_device *b)
{
	return a->name && b->name && strcmp(a->name, b->name) == 0 &&
	       (!a->serial || !b->serial || strcmp(a->serial, b->serial) == 0);
}

/* Which device an address is of. Shared ones (VRRP, anycast) are nobody's. */
static void note_own(struct snmp_rows *r, size_t place)
{
	const struct snmp_device *d = &r->device[place];

	for (size_t i = 0; i < d->owns; i++) {
		char address[IP_TEXT_MAX];

		if (d->own[i].shared || !is_telling(&d->own[i].ip))
			continue;
		ip_format(&d->own[i].ip, address);
		const json_t *other = json_object_get(r->by_own, address);
		json_int_t at = json_integer_value(other);
		if (!other)
			json_object_set_new(r->by_own, address, json_integer((json_int_t)place));
		else if (at >= 0 && !is_same_device(&r->device[at], d))
			json_object_set_new(r->by_own, address, json_integer(-1));
	}
}

/* The device that has the address, which did not answer there itself; NULL: none. */
static const struct snmp_device *device_of(const struct snmp_rows *r, const char *address)
{
	const json_t *at = json_object_get(r->by_own, address);

	return at && json_integer_value(at) >= 0 ? &r->device[json_integer_value(at)] : NULL;
}

/* ---- what was there -------------------------------------------------------------- */

static int read_old(const struct inv_source *s, const char *dir, struct dict_rows *rows,
		    struct err *err)
{
	CLEANUP_FREE char *path = NULL;

	if (asprintf(&path, "%s/" DICT_DISCOVERED_DIR "/%s/%s.csv", dir, s->name,
		     rows->kind->name) < 0)
		return err_set(err, EF_FAILED, "out of memory");
	return dict_rows_read_file(rows, path, err) < 0 ? -1 : 0;
}

/* Rows whose `column` says `text`, or all (NULL), again, where nothing newer is there. */
static void keep_rows(const struct snmp_rows *r, const struct dict_rows *old, const char *column,
		      const char *text)
{
	int at = column ? dict_kind_column(old->kind, column) : 0;

	for (const struct dict_row *row = old->row; row; row = row->hh.next)
		if ((!column || strcmp(row->cell[at], text) == 0) &&
		    !dict_rows_find(inv_found_rows(r->found, old->kind),
				    (const char *const *)row->cell))
			inv_found_add(r->found, old->kind, (const char *const *)row->cell, "kept",
				      0);
}

/* Of a device that failed: its interfaces, and all addresses of the name that it had. */
static void keep_device(const struct snmp_rows *r, const struct snmp_device *d,
			const struct dict_rows *exporters, const struct dict_rows *interfaces)
{
	const char *key[DICT_COLUMNS_MAX];

	for (size_t i = 0; i < DICT_COLUMNS_MAX; i++)
		key[i] = i ? "" : d->address;
	const struct dict_row *row = dict_rows_find(exporters, key);
	int name = dict_kind_column(exporters->kind, "name");
	keep_rows(r, exporters, "prefix", d->address);
	if (row && *row->cell[name])
		keep_rows(r, exporters, "name", row->cell[name]);
	keep_rows(r, interfaces, "exporter", d->address);
}

/* Which device a network was of, no row says: all of them stay. */
static int keep_failed(const struct snmp_rows *r, const char *dir, struct err *err)
{
	struct dict_rows old[KINDS];
	bool any = false;
	int rc = 0;

	for (size_t i = 0; i < KINDS; i++)
		dict_rows_init(&old[i], dict_kind_find(kinds[i]));
	for (size_t i = 0; rc == 0 && i < KINDS; i++)
		rc = read_old(r->source, dir, &old[i], err);
	for (size_t i = 0; rc == 0 && i < r->n; i++)
		if (r->device[i].failed) {
			any = true;
			keep_device(r, &r->device[i], &old[0], &old[1]);
		}
	if (any && inv_source_sets(r->source, old[2].kind, NULL) && wants_networks(r->source))
		keep_rows(r, &old[2], NULL, NULL);
	for (size_t i = 0; i < KINDS; i++)
		dict_rows_release(&old[i]);
	return rc;
}

/* ---- all of it ------------------------------------------------------------------- */

/* Rows of the addresses that were asked come last, and stand. */
static void add_all(struct snmp_rows *r)
{
	const char *address;
	json_t *at;

	for (size_t i = 0; i < r->n; i++)
		if (!r->device[i].failed)
			note_own(r, i);
	json_object_foreach (r->by_own, address, at)
		if (json_integer_value(at) >= 0)
			add_exporter(r, &r->device[json_integer_value(at)], address, "others");
	for (size_t i = 0; i < r->n; i++) {
		struct snmp_device *d = &r->device[i];
		const struct snmp_device *it = d->failed ? device_of(r, d->address) : d;

		if (!it)
			continue;
		d->failed = false;
		r->found->seen += it->interfaces;
		add_exporter(r, it, d->address, "devices");
		add_interfaces(r, it, d->address);
		for (size_t k = 0; wants_networks(r->source) && k < it->owns; k++)
			add_network(r, it, &it->own[k]);
	}
}

/* -1 when none answered. */
static int check_failed(const struct snmp_rows *r, struct err *err)
{
	const struct snmp_device *first = NULL;
	size_t failed = 0, wrong = 0;

	for (size_t i = 0; i < r->n; i++) {
		wrong += r->device[i].wrong;
		failed += r->device[i].failed;
		if (r->device[i].failed && !first)
			first = &r->device[i];
	}
	if (wrong)
		print_plain(stderr,
			    "%s: %zu values left out, of another type than their MIB says\n",
			    r->source->name, wrong);
	if (!first)
		return 0;
	if (failed == r->n)
		return err_set(err, EF_UNREACHABLE, "none of %zu devices: %s (%s): %s", r->n,
			       first->address, first->place, first->err.msg);
	print_plain(stderr,
		    "%s: %zu of %zu devices failed and keep their rows; the first: "
		    "%s (%s): %s\n",
		    r->source->name, failed, r->n, first->address, first->place, first->err.msg);
	return 0;
}

static void ask_kinds(const struct snmp_rows *r)
{
	for (size_t i = 0; i < KINDS; i++)
		if (i < 2 || wants_networks(r->source))
			inv_found_ask(r->found, dict_kind_find(kinds[i]));
}

static int fetch_rows(struct snmp_rows *r, const char *dir, struct err *err)
{
	const char *role;
	json_t *pattern;

	r->role = calloc(json_object_size(r->source->roles) + 1, sizeof(*r->role));
	if (!r->role)
		return err_set(err, EF_FAILED, "out of memory");
	json_object_foreach (r->source->roles, role, pattern)
		if (regcomp(&r->role[r->roles++], json_string_value(pattern), INV_ROLE_FLAGS))
			return err_set(err, EF_USAGE, "roles: %.40s", role);
	ask_kinds(r);
	if (snmp_ask(r->source, r->device, r->n, err))
		return -1;
	add_all(r);
	if (check_failed(r, err) || keep_failed(r, dir, err))
		return -1;
	return inv_found_check(r->found, err);
}

int inv_snmp_fetch(const struct inv_source *s, const char *dir, const struct strlist *seen,
		   struct inv_found *found, struct err *err)
{
	struct snmp_rows r = { .source = s, .found = found, .by_own = json_object() };
	int rc = inv_devices_make(s, seen, &r.device, &r.n, err);

	if (rc == 0)
		rc = fetch_rows(&r, dir, err);
	for (size_t i = 0; i < r.roles; i++)
		regfree(&r.role[i]);
	free(r.role);
	json_decref(r.by_own);
	inv_devices_release(r.device, r.n);
	return rc;
}
