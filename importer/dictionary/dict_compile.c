/* SPDX-License-Identifier: Apache-2.0
 * Rows of the dictionaries of addresses to prefixes with their values, and those to records. */
#include "importer/dictionary/dict_compile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "importer/dictionary/dict_cell.h"
#include "importer/dictionary/dict_simple.h"
#include "importer/dictionary/feed.h"

#define PORTS_MAX 4096 /* in the range of one row of applications */
/* What a threat without a category is called: no word that stages know, so that its number
 * counts. */
#define NO_CATEGORY "other"

static int no_memory(struct err *err)
{
	return err_set(err, EF_FAILED, "out of memory");
}

/* A column that the inner prefix leaves empty is the outer one's. */
static json_t *merge_columns(json_t *outer, json_t *inner)
{
	json_t *both = json_copy(outer);

	if (both && json_object_update(both, inner)) {
		json_decref(both);
		return NULL;
	}
	return both;
}

/* Adds the texts of `from` that `to` has not. */
static int join_texts(json_t *to, const json_t *from)
{
	size_t i, k;
	json_t *text, *have;

	json_array_foreach (from, i, text) {
		bool there = false;
		json_array_foreach (to, k, have)
			there |= json_equal(have, text);
		if (!there && json_array_append(to, text))
			return -1;
	}
	return 0;
}

/* An address inside a listed network is on both lists: feeds and categories are joined, the higher
 * severity counts. */
static json_t *merge_threats(json_t *outer, json_t *inner)
{
	json_t *both = json_deep_copy(inner);
	json_int_t severity = json_integer_value(json_object_get(outer, "severity"));

	if (!both || join_texts(json_object_get(both, "feed"), json_object_get(outer, "feed")) ||
	    join_texts(json_object_get(both, "category"), json_object_get(outer, "category"))) {
		json_decref(both);
		return NULL;
	}
	if (severity > json_integer_value(json_object_get(both, "severity")))
		json_object_set_new(both, "severity", json_integer(severity));
	return both;
}

static int add_prefix(struct dict_items *items, const char *cell, json_t *value_take,
		      bool exclusive, struct err *err)
{
	struct prefix p = dict_cell_prefix(cell);
	dict_address first;
	unsigned bits;
	enum dict_family family = dict_number(&p, &first, &bits);

	return dict_items_add(items, family, first, bits, value_take, exclusive, err);
}

/* An IPv4 row says how long its prefix is: the stage tells the broadcast address by it. */
static int add_length(json_t *value, const char *cell)
{
	struct prefix p = dict_cell_prefix(cell);
	dict_address first;
	unsigned bits;

	if (dict_number(&p, &first, &bits) != DICT_V4)
		return 0;
	return json_object_set_new(value, "bits", json_integer(bits));
}

static int add_addresses(struct dict_items *items, const struct dict_rows *rows, struct err *err)
{
	for (const struct dict_row *row = rows->row; row; row = row->hh.next) {
		json_t *value = dict_row_json(rows->kind, row);

		if (!value || (rows->kind->measures && add_length(value, row->cell[0]))) {
			json_decref(value);
			return no_memory(err);
		}
		if (rows->kind->column[0].type == DICT_MAC) {
			unsigned bits;
			uint64_t first = dict_cell_mac(row->cell[0], &bits);
			if (dict_items_add(items, DICT_MAC48, first, bits, value, false, err))
				return -1;
		} else if (add_prefix(items, row->cell[0], value, false, err)) {
			return -1;
		}
	}
	return 0;
}

/* The member of `parent` of that name, made when it is not there; NULL without memory. */
static json_t *member(json_t *parent, const char *name)
{
	json_t *there = json_object_get(parent, name);

	if (!there && json_object_set_new(parent, name, there = json_object()))
		return NULL;
	return there;
}

/* Where the rows of a sender stand in what an address has: those for one port or domain of it as
 * `senders`, by ":port" and "#domain"; lib/exporter.painless lays them over the rest. */
static json_t *sender_value(json_t *by_address, const char *cell)
{
	const char *which = dict_cell_which(cell);
	struct prefix p = dict_cell_prefix(cell);
	char address[IP_TEXT_MAX];

	ip_format(&p.ip, address);
	json_t *value = member(by_address, address);
	return !*which || !value ? value : member(member(value, "senders"), which);
}

static int add_senders(struct dict_items *items, const json_t *by_address, struct err *err)
{
	const char *address;
	json_t *value;

	json_object_foreach ((json_t *)by_address, address, value)
		if (add_prefix(items, address, json_incref(value), false, err))
			return -1;
	return 0;
}

static int add_interfaces(struct dict_items *items, const struct dict_rows *rows, struct err *err)
{
	CLEANUP_JSON json_t *by_exporter = json_object();

	for (const struct dict_row *row = rows->row; row; row = row->hh.next)
		if (json_object_set_new(sender_value(by_exporter, row->cell[0]), row->cell[1],
					dict_row_json(rows->kind, row)))
			return no_memory(err);
	return add_senders(items, by_exporter, err);
}

static int add_exporters(struct dict_items *items, const struct dict_rows *rows, struct err *err)
{
	CLEANUP_JSON json_t *by_address = json_object();

	for (const struct dict_row *row = rows->row; row; row = row->hh.next) {
		json_t *value = dict_row_json(rows->kind, row);

		if (!*dict_cell_which(row->cell[0])) {
			if (add_prefix(items, row->cell[0], value, false, err))
				return -1;
		} else if (json_object_update(sender_value(by_address, row->cell[0]), value)) {
			json_decref(value);
			return no_memory(err);
		} else {
			json_decref(value);
		}
	}
	return add_senders(items, by_address, err);
}

static void ports_of(const struct dict_row *row, unsigned *ret_first, unsigned *ret_last)
{
	*ret_first = *ret_last = 0;
	if (*row->cell[2])
		dict_cell_ports(row->cell[2], ret_first, ret_last);
}

/* "tcp/5432", "/5432", "tcp/" or "/" to the application, for every port of the row. */
static int add_ports(json_t *ports, const struct dict_row *row, struct err *err)
{
	unsigned first, last;
	char key[160];

	ports_of(row, &first, &last);
	if (last - first >= PORTS_MAX)
		return dict_row_error(
		    row, err, "a range of %u ports, %d at most; leave the port empty for all",
		    last - first + 1, PORTS_MAX);
	for (unsigned port = first; port <= last; port++) {
		if (*row->cell[2])
			snprintf(key, sizeof(key), "%s/%u", row->cell[1], port);
		else
			snprintf(key, sizeof(key), "%s/", row->cell[1]);
		if (json_object_set_new(ports, key, json_string(row->cell[3])))
			return no_memory(err);
	}
	return 0;
}

struct cell_place {
	const struct dict_row *row;
	size_t at;
};

/* Wide ranges first: what is said of fewer ports comes later and wins. */
static int widest_first(const void *a, const void *b)
{
	const struct cell_place *x = a, *y = b;
	unsigned x_first, x_last, y_first, y_last;

	ports_of(x->row, &x_first, &x_last);
	ports_of(y->row, &y_first, &y_last);
	if (x_last - x_first != y_last - y_first)
		return x_last - x_first > y_last - y_first ? -1 : 1;
	return x->at < y->at ? -1 : 1;
}

static int add_applications(struct dict_items *items, const struct dict_rows *rows, struct err *err)
{
	CLEANUP_FREE struct cell_place *place = calloc(rows->n + 1, sizeof(*place));
	CLEANUP_JSON json_t *by_prefix = json_object();
	const char *prefix;
	size_t n = 0;
	json_t *ports;

	if (!place)
		return no_memory(err);
	for (const struct dict_row *row = rows->row; row; row = row->hh.next, n++)
		place[n] = (struct cell_place){ .row = row, .at = n };
	qsort(place, n, sizeof(*place), widest_first);
	for (size_t i = 0; i < n; i++) {
		const struct dict_row *row = place[i].row;

		ports = member(by_prefix, row->cell[0]);
		if (!ports)
			return no_memory(err);
		if (add_ports(ports, row, err))
			return -1;
	}
	json_object_foreach (by_prefix, prefix, ports) {
		if (*prefix) {
			if (add_prefix(items, prefix, json_incref(ports), false, err))
				return -1;
		} else if (add_prefix(items, "0.0.0.0/0", json_incref(ports), false, err) ||
			   add_prefix(items, "::/0", json_incref(ports), false, err)) {
			return -1;
		}
	}
	return 0;
}

static int by_key(const void *a, const void *b)
{
	return strcmp((*(struct dict_row *const *)a)->key, (*(struct dict_row *const *)b)->key);
}

/* What the rows `from` up to `to` (one prefix, several feeds) say together. `seen` keeps each
 * different value once. */
static json_t *threat_value(const struct dict_row *const *row, size_t from, size_t to, json_t *seen)
{
	CLEANUP_JSON json_t *value = json_pack("{s:[],s:[]}", "feed", "category");
	CLEANUP_FREE char *text = NULL;
	unsigned long severity = 0;
	json_t *known;

	for (size_t i = from; i < to; i++) {
		CLEANUP_JSON json_t *feed = json_pack("[s]", row[i]->cell[1]);
		CLEANUP_JSON json_t *category =
		    json_pack("[s]", *row[i]->cell[2] ? row[i]->cell[2] : NO_CATEGORY);
		unsigned long s = strtoul(row[i]->cell[3], NULL, 10);

		if (join_texts(json_object_get(value, "feed"), feed) ||
		    join_texts(json_object_get(value, "category"), category))
			return NULL;
		severity = s > severity ? s : severity;
		if (*row[i]->cell[4] && !json_object_get(value, "reference"))
			json_object_set_new(value, "reference", json_string(row[i]->cell[4]));
	}
	if (severity)
		json_object_set_new(value, "severity", json_integer((json_int_t)severity));
	text = json_dumps(value, JSON_COMPACT | JSON_SORT_KEYS);
	if (!text)
		return NULL;
	known = json_object_get(seen, text);
	if (!known && json_object_set(seen, text, known = value))
		return NULL;
	return json_incref(known);
}

static int add_threats(struct dict_items *items, const struct dict_rows *rows, struct err *err)
{
	CLEANUP_FREE const struct dict_row **sorted = calloc(rows->n + 1, sizeof(*sorted));
	CLEANUP_JSON json_t *seen = json_object();
	size_t n = 0, to;

	if (!sorted || !seen)
		return no_memory(err);
	for (const struct dict_row *row = rows->row; row; row = row->hh.next) {
		struct prefix p = dict_cell_prefix(row->cell[0]);

		if (feed_too_wide(&p))
			return dict_row_error(row, err,
					      "%s is shorter than /%d (IPv6: /%d): that is no list "
					      "of threats; remove it",
					      row->cell[0], FEED_V4_MIN, FEED_V6_MIN);
		sorted[n++] = row;
	}
	qsort(sorted, n, sizeof(*sorted), by_key);
	for (size_t from = 0; from < n; from = to) {
		json_t *value;

		for (to = from + 1; to < n; to++)
			if (strcmp(sorted[to]->cell[0], sorted[from]->cell[0]) != 0)
				break;
		value = threat_value(sorted, from, to, seen);
		if (!value)
			return no_memory(err);
		if (add_prefix(items, sorted[from]->cell[0], value, false, err))
			return -1;
	}
	return 0;
}

static int add_allowed(struct dict_items *items, const struct dict_rows *allow, struct err *err)
{
	for (const struct dict_row *row = allow ? allow->row : NULL; row; row = row->hh.next)
		if (add_prefix(items, row->cell[0], NULL, true, err))
			return -1;
	return 0;
}

int dict_compile_records(const struct dict_rows *rows, const struct dict_rows *allow,
			 struct dict_records *ret_records, struct err *err)
{
	struct dict_items items = { 0 };
	json_t *(*merge)(json_t *, json_t *) = rows->kind->inherits ? merge_columns : NULL;
	int rc;

	switch (rows->kind->shape) {
	case DICT_ADDRESSES:
		rc = rows->kind->column[0].type == DICT_SENDER ? add_exporters(&items, rows, err)
							       : add_addresses(&items, rows, err);
		break;
	case DICT_INTERFACES:
		rc = add_interfaces(&items, rows, err);
		break;
	case DICT_APPLICATIONS:
		merge = merge_columns;
		rc = add_applications(&items, rows, err);
		break;
	case DICT_THREATS:
		merge = merge_threats;
		rc = add_threats(&items, rows, err);
		break;
	default:
		rc = err_set(err, EF_FAILED, "dictionary %s has no addresses", rows->kind->name);
	}
	if (rc == 0)
		rc = add_allowed(&items, allow, err);
	if (rc == 0)
		rc = dict_items_flatten(&items, merge, ret_records, err);
	dict_items_release(&items);
	return rc;
}
