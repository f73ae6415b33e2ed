/* SPDX-License-Identifier: Apache-2.0
 * Which devices a source of type snmp asks: those of inventory.yml, and those that the cluster has
 * seen as exporters. */
#include "importer/inventory/inv_devices.h"

#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "importer/core/files.h"
#include "importer/dictionary/dict_cell.h"
#include "importer/dictionary/dict_layers.h"

#define SEEN_NAME_MAX 100
#define SEEN_BYTES    (INV_DEVICES_MAX * IP_TEXT_MAX)

/* ---- one device ----------------------------------------------------------------- */

/* "192.0.2.1", "192.0.2.1:161", "2001:db8::1", "[2001:db8::1]:161" with its port. */
static int read_place(const char *text, int64_t port, char ret[SNMP_PLACE_MAX], struct err *err)
{
	char copy[SNMP_PLACE_MAX], *end, shown[IP_TEXT_MAX];
	struct err unused = ERR_NONE;
	struct ip ip;

	snprintf(copy, sizeof(copy), "%s", text);
	if (ip_parse(copy, &ip, &unused) != 0) {
		char *colon = strrchr(copy, ':'), *host = copy;

		if (!colon || !colon[1])
			return err_set(err, EF_USAGE, "'%.60s' is no address", text);
		port = strtol(colon + 1, &end, 10);
		*colon = '\0';
		if (*host == '[' && colon > copy && colon[-1] == ']') {
			colon[-1] = '\0';
			host++;
		}
		if (*end || port < 1 || port > 65535 || ip_parse(host, &ip, &unused) != 0)
			return err_set(err, EF_USAGE, "'%.60s' is no address, with a port or none",
				       text);
	}
	ip_format(&ip, shown);
	snprintf(ret, SNMP_PLACE_MAX, strchr(shown, ':') ? "[%s]:%d" : "%s:%d", shown, (int)port);
	return 0;
}

static int read_ids(const char *text, int *ret, struct err *err)
{
	for (int i = 0; snmp_ids_words[i]; i++)
		if (strcmp(snmp_ids_words[i], text) == 0) {
			*ret = i;
			return 0;
		}
	return err_set(err, EF_USAGE, "interface_ids: ifindex or own");
}

static int check_members(const json_t *device, struct err *err)
{
	const char *key;
	json_t *value;

	if (!json_is_object(device))
		return err_set(err, EF_USAGE, "an address, or address, management, interface_ids");
	json_object_foreach ((json_t *)device, key, value)
		if (!json_is_string(value) ||
		    (strcmp(key, "address") != 0 && strcmp(key, "management") != 0 &&
		     strcmp(key, "interface_ids") != 0))
			return err_set(
			    err, EF_USAGE,
			    "'%.40s': address, management and interface_ids, a text each", key);
	return 0;
}

/* A text, or an object, of inventory.yml. */
static int read_device(const struct inv_source *s, const json_t *json, struct snmp_device *d,
		       struct err *err)
{
	const struct dict_column column = { .name = "address", .type = DICT_EXPORTER };
	const char *address = json_string_value(json), *management = NULL, *ids = NULL;

	*d = (struct snmp_device){ .ids = s->interface_ids };
	if (!address) {
		if (check_members(json, err))
			return -1;
		address = json_string_value(json_object_get(json, "address"));
		management = json_string_value(json_object_get(json, "management"));
		ids = json_string_value(json_object_get(json, "interface_ids"));
	}
	if (!address)
		return err_set(err, EF_USAGE, "address: that from which it exports");
	if (ids && read_ids(ids, &d->ids, err))
		return -1;
	if (dict_cell_normal(&column, address, &d->address, err))
		return err_wrap(err, "address");
	if (management)
		return read_place(management, s->port, d->place, err) ? err_wrap(err, "management")
								      : 0;
	if (*dict_cell_which(d->address))
		return err_set(err, EF_USAGE, "management: where %s is asked", d->address);
	return read_place(d->address, s->port, d->place, err);
}

static int check_roles(const json_t *roles, struct err *err)
{
	const char *role;
	json_t *value;

	if (roles && !json_is_object(roles))
		return err_set(err, EF_USAGE, "roles: names with a pattern each");
	json_object_foreach ((json_t *)roles, role, value) {
		regex_t pattern;

		if (!json_is_string(value) ||
		    regcomp(&pattern, json_string_value(value), INV_ROLE_FLAGS))
			return err_set(err, EF_USAGE, "roles: %.40s: is no regular expression",
				       role);
		regfree(&pattern);
	}
	return 0;
}

int inv_devices_check(const struct inv_source *s, struct err *err)
{
	size_t i;
	json_t *json;

	if (s->devices && !json_is_array(s->devices))
		return err_set(err, EF_USAGE, "devices: a list");
	json_array_foreach (s->devices, i, json) {
		struct snmp_device d;
		int rc = read_device(s, json, &d, err);

		snmp_device_release(&d);
		if (rc)
			return err_wrap(err, "device %zu", i + 1);
	}
	return check_roles(s->roles, err);
}

/* ---- all of them ---------------------------------------------------------------- */

/* One more, unless the address is there: who writes it down knows better than the cluster. */
static int add_device(const struct inv_source *s, const json_t *json, json_t *there,
		      struct snmp_device *devices, size_t *n, struct err *err)
{
	struct snmp_device *d = &devices[*n];

	if (read_device(s, json, d, err)) {
		snmp_device_release(d);
		return -1;
	}
	if (json_object_get(there, d->address)) {
		snmp_device_release(d);
		return 0;
	}
	json_object_set_new(there, d->address, json_true());
	(*n)++;
	return 0;
}

int inv_devices_make(const struct inv_source *s, const struct strlist *seen,
		     struct snmp_device **ret_devices, size_t *ret_n, struct err *err)
{
	CLEANUP_JSON json_t *there = json_object();
	size_t most = json_array_size(s->devices) + seen->n, i;
	json_t *json;

	*ret_n = 0;
	*ret_devices = most <= INV_DEVICES_MAX ? calloc(most + 1, sizeof(**ret_devices)) : NULL;
	if (!*ret_devices)
		return err_set(err, EF_FAILED, "%zu devices: too many", most);
	json_array_foreach (s->devices, i, json)
		if (add_device(s, json, there, *ret_devices, ret_n, err))
			return -1;
	for (i = 0; i < seen->n; i++) {
		CLEANUP_JSON json_t *address = json_string(seen->item[i]);

		if (add_device(s, address, there, *ret_devices, ret_n, err))
			return err_wrap(err, "seen by the cluster");
	}
	return *ret_n ? 0
		      : err_set(err, EF_USAGE,
				"there is no device to ask: list some under devices, or run `efctl "
				"inventory` where it has a connection to the cluster");
}

void inv_devices_release(struct snmp_device *devices, size_t n)
{
	for (size_t i = 0; devices && i < n; i++)
		snmp_device_release(&devices[i]);
	free(devices);
}

/* ---- seen by the cluster --------------------------------------------------------- */

/* Addresses only: whatever else is there is none of the cluster's. */
static int read_lines(FILE *in, struct strlist *ret, struct err *err)
{
	char line[IP_TEXT_MAX + 2];
	struct err unused = ERR_NONE;
	struct ip ip;

	while (fgets(line, sizeof(line), in)) {
		line[strcspn(line, "\n")] = '\0';
		if (ip_parse(line, &ip, &unused) != 0)
			continue;
		if (ret->n == INV_DEVICES_MAX || strlist_add(ret, line))
			return err_set(err, EF_FAILED, "more than %d exporters", INV_DEVICES_MAX);
	}
	return 0;
}

int inv_seen_read(FILE *in, const char *dir, const char *source, struct strlist *ret,
		  struct err *err)
{
	CLEANUP_FREE char *path = NULL;

	if (read_lines(in, ret, err))
		return -1;
	if (ret->n)
		return 0;
	if (asprintf(&path, "%s/" DICT_DISCOVERED_DIR "/.seen-%s", dir, source) < 0)
		return err_set(err, EF_FAILED, "out of memory");
	CLEANUP_FILE FILE *last = fopen(path, "re");
	return last ? read_lines(last, ret, err) : 0;
}

int inv_seen_write(const char *dir, const char *source, const struct strlist *seen, struct err *err)
{
	CLEANUP_BUF struct buf text = { .data = NULL };
	char name[SEEN_NAME_MAX];
	int bad = 0;

	buf_init(&text, SEEN_BYTES);
	for (size_t i = 0; i < seen->n; i++)
		bad |= buf_add_fmt(&text, "%s\n", seen->item[i]);
	if (bad)
		return err_set(err, EF_FAILED, "out of memory");
	snprintf(name, sizeof(name), DICT_DISCOVERED_DIR "/.seen-%s", source);
	return text.len ? file_write_below(dir, name, text.data, text.len, 0644, err) : 0;
}
