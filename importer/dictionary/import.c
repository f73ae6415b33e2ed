/* SPDX-License-Identifier: Apache-2.0
 * efctl dictionaries import: other people's files to the CSV of a dictionary. */
#include "importer/dictionary/import.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/csv.h"
#include "common/ip.h"
#include "importer/core/files.h"
#include "importer/dictionary/dict_kind.h"
#include "importer/dictionary/import_names.h"
#include "importer/dictionary/mmdb.h"

/* IEEE's public listings: "MA-L,00005E,Organisation,Address" and the same with 7 or 9 digits. */
static int import_oui(struct import *im, const char *path, struct err *err)
{
	CLEANUP_FILE FILE *f = file_open(path, err);
	CLEANUP_FREE char *line = NULL;
	size_t room = 0;

	if (!f)
		return -1;
	while (getline(&line, &room, f) >= 0) {
		char *cell[8], prefix[32];
		const char *cells[] = { prefix, "" };
		size_t digits;

		line[strcspn(line, "\r\n")] = '\0';
		if (csv_split(line, cell, 8) < 3 || strncmp(cell[0], "MA-", 3) != 0) {
			im->skipped++;
			continue;
		}
		digits = strlen(cell[1]);
		snprintf(prefix, sizeof(prefix), "%s/%zu", cell[1], 4 * digits);
		cells[1] = cell[2];
		if (import_row(im, cells, 2, err))
			return -1;
	}
	return 0;
}

const struct import_format import_formats[] = {
	{ "hosts", "a hosts file", "address,name", import_hosts },
	{ "zone", "a DNS zone file", "address,name", import_zone },
	{ "leases", "DHCP leases of ISC dhcpd, Kea or dnsmasq", "address,name", import_leases },
	{ "oui", "IEEE's listing of MAC prefixes", "prefix,vendor", import_oui },
};
const size_t import_formats_len = sizeof(import_formats) / sizeof(import_formats[0]);

#define COLUMNS_MAX DICT_COLUMNS_MAX

struct mmdb_import {
	struct import *im;
	const char *path_of[COLUMNS_MAX]; /* by field */
	size_t fields;
	/* Networks that wait for a neighbour with the same values: the tree is walked in order, so
	 * a stack is enough. */
	struct {
		struct prefix network;
		char *line; /* their cells behind the prefix */
	} waiting[130];
	size_t n;
};

static int flush_first(struct mmdb_import *m)
{
	char text[IP_TEXT_MAX];

	for (size_t i = 0; i < m->n; i++) {
		const struct prefix *p = &m->waiting[i].network;
		bool v4 = p->len >= 96 && ip_is_v4(&p->ip);

		ip_format(&p->ip, text);
		fprintf(m->im->out, "%s/%d%s\n", text, v4 ? p->len - 96 : p->len,
			m->waiting[i].line);
		m->im->rows++;
		free(m->waiting[i].line);
	}
	m->n = 0;
	return 0;
}

/* Whether `a` and `b` are the two halves of a prefix; it is then in `a`. */
static bool join(struct prefix *a, const struct prefix *b)
{
	struct prefix whole = *a;
	int bit = a->len - 1;

	if (a->len != b->len || a->len == 0 || a->len == 96 ||
	    (b->ip.b[bit / 8] & (0x80 >> bit % 8)) == 0 || (a->ip.b[bit / 8] & (0x80 >> bit % 8)))
		return false;
	whole.len--;
	if (!prefix_holds(&whole, &b->ip))
		return false;
	*a = whole;
	return true;
}

static void cell_text(const json_t *value, char *text, size_t size)
{
	if (json_is_string(value))
		snprintf(text, size, "%s", json_string_value(value));
	else if (json_is_integer(value))
		snprintf(text, size, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
	else if (json_is_real(value))
		snprintf(text, size, "%.9g", json_real_value(value));
	else if (json_is_boolean(value))
		snprintf(text, size, "%s", json_is_true(value) ? "true" : "false");
	else
		*text = '\0';
}

static int take_network(void *arg, const struct prefix *network, json_t *record, struct err *err)
{
	struct mmdb_import *m = arg;
	char *line = NULL, cell[512];
	size_t size = 0;
	bool any = false;
	FILE *f = open_memstream(&line, &size);

	if (!f)
		return err_set(err, EF_FAILED, "out of memory");
	for (size_t i = 0; i < m->fields; i++) {
		cell_text(mmdb_at(record, m->path_of[i]), cell, sizeof(cell));
		any |= *cell != '\0';
		putc(',', f);
		import_cell(f, cell);
	}
	if (fclose(f) || !any) {
		free(line);
		m->im->skipped++;
		return 0;
	}
	if (m->n && strcmp(m->waiting[m->n - 1].line, line) != 0)
		flush_first(m);
	if (m->n == sizeof(m->waiting) / sizeof(m->waiting[0]))
		flush_first(m);
	m->waiting[m->n].network = *network;
	m->waiting[m->n++].line = line;
	while (m->n > 1 && join(&m->waiting[m->n - 2].network, &m->waiting[m->n - 1].network))
		free(m->waiting[--m->n].line);
	return 0;
}

static int read_fields(struct mmdb_import *m, const struct strlist *fields, struct err *err)
{
	const struct dict_kind *networks = dict_kind_find("networks");

	if (fields->n == 0 || fields->n > COLUMNS_MAX)
		return err_set(err, EF_USAGE,
			       "say which fields to take: --field country=country.iso_code,"
			       "city=city.names.en (columns of networks.csv = paths in the file)");
	fputs("prefix", m->im->out);
	for (size_t i = 0; i < fields->n; i++) {
		char *equals = strchr(fields->item[i], '=');

		if (!equals)
			return err_set(err, EF_USAGE, "--field %s is not COLUMN=PATH",
				       fields->item[i]);
		*equals = '\0';
		if (dict_kind_column(networks, fields->item[i]) <= 0)
			return err_set(err, EF_USAGE, "--field: networks.csv has no column \"%s\"",
				       fields->item[i]);
		fprintf(m->im->out, ",%s", fields->item[i]);
		m->path_of[i] = equals + 1;
	}
	m->fields = fields->n;
	putc('\n', m->im->out);
	return 0;
}

int import_mmdb(struct import *im, const char *path, const struct strlist *fields, struct err *err)
{
	struct mmdb_import m = { .im = im };
	int rc;

	if (read_fields(&m, fields, err))
		return -1;
	rc = mmdb_walk(path, take_network, &m, err);
	flush_first(&m);
	return rc;
}
