/* SPDX-License-Identifier: Apache-2.0
 * What every dictionary and MMDB file says of an address: straight from the rows, for people. */
#include "importer/dictionary/dict_ask.h"

#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "importer/core/print.h"
#include "importer/dictionary/dict_cell.h"
#include "importer/dictionary/dict_compile.h"
#include "importer/dictionary/dict_simple.h"
#include "importer/dictionary/mmdb.h"

#define DIGITS JSON_REAL_PRECISION(15) /* 37.751, not 37.750999999999998 */

struct question {
	bool mac;
	struct ip ip;
	uint64_t number; /* of a MAC */
};

/* The prefix column of a kind that has one for this question, or -1. */
static int prefix_column(const struct dict_kind *kind, bool mac)
{
	for (size_t i = 0; i < kind->columns; i++) {
		enum dict_type type = kind->column[i].type;
		if (mac ? type == DICT_MAC
			: type == DICT_PREFIX || type == DICT_ADDRESS || type == DICT_SENDER ||
			      type == DICT_EXPORTER)
			return (int)i;
	}
	return -1;
}

/* The length of the prefix when it holds the address, else -1. */
static int cell_matches(const struct question *q, const char *cell)
{
	if (!*cell)
		return 0; /* anywhere */
	if (q->mac) {
		unsigned bits;
		uint64_t first = dict_cell_mac(cell, &bits);
		return (q->number ^ first) >> (48 - bits) ? -1 : (int)bits;
	}
	struct prefix p = dict_cell_prefix(cell);
	/* 0.0.0.0/0 and ::/0 are different questions. */
	if (!prefix_holds(&p, &q->ip) || (ip_is_v4(&q->ip) && p.len < 96))
		return -1;
	return p.len;
}

struct hit {
	int length;
	const struct dict_row *row;
};

static int longest_first(const void *a, const void *b)
{
	const struct hit *x = a, *y = b;

	return x->length != y->length ? y->length - x->length
				      : (int)x->row->line - (int)y->row->line;
}

static json_t *row_answer(const struct dict_kind *kind, const struct dict_row *row)
{
	json_t *json = json_object();
	char origin[600];

	for (size_t i = 0; i < kind->columns; i++)
		if (*row->cell[i])
			json_object_set_new(json, kind->column[i].name,
					    dict_cell_json(&kind->column[i], row->cell[i]));
	snprintf(origin, sizeof(origin), "%s:%u", row->origin, row->line);
	json_object_set_new(json, "layer", json_string(dict_layer_name(row->layer)));
	json_object_set_new(json, "origin", json_string(origin));
	return json;
}

#define HITS_MAX 1000

static int ask_kind(struct dict_set *set, const struct dict_kind *kind, const struct question *q,
		    json_t *answers, struct err *err)
{
	CLEANUP_FREE struct hit *hit = calloc(HITS_MAX, sizeof(*hit));
	int column = prefix_column(kind, q->mac), length;
	const struct dict_rows *rows;
	json_t *list;
	size_t n = 0;

	if (column < 0)
		return 0;
	if (!hit)
		return err_set(err, EF_FAILED, "out of memory");
	if (dict_set_rows(set, kind->name, &rows, err))
		return -1;
	for (const struct dict_row *row = rows->row; row && n < HITS_MAX; row = row->hh.next) {
		length = cell_matches(q, row->cell[column]);
		if (length >= 0)
			hit[n++] = (struct hit){ .length = length, .row = row };
	}
	if (n == 0)
		return 0;
	qsort(hit, n, sizeof(*hit), longest_first);
	list = json_array();
	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, row_answer(kind, hit[i].row));
	json_object_set_new(answers, kind->name, list);
	return 0;
}

static int read_question(const char *text, struct question *q, struct err *err)
{
	static const struct dict_column mac = { .name = "address", .type = DICT_MAC };
	CLEANUP_FREE char *normal = NULL;
	struct err other;
	unsigned bits;

	*q = (struct question){ .mac = false };
	if (ip_parse(text, &q->ip, &other) == 0)
		return 0;
	if (dict_cell_normal(&mac, text, &normal, &other) || strchr(normal, '/'))
		return err_set(err, EF_USAGE, "\"%s\" is neither an IP nor a MAC address", text);
	q->mac = true;
	q->number = dict_cell_mac(normal, &bits);
	return 0;
}

int dict_ask(struct dict_set *set, const struct strlist *mmdb, const char *address,
	     json_t **ret_answers, struct err *err)
{
	CLEANUP_JSON json_t *answers = json_object();
	struct question q;

	if (read_question(address, &q, err))
		return -1;
	for (size_t i = 0; i < dict_kinds_len; i++)
		if (ask_kind(set, &dict_kinds[i], &q, answers, err))
			return -1;
	for (size_t i = 0; !q.mac && i < mmdb->n; i++) {
		json_t *record = NULL;
		if (mmdb_ask(mmdb->item[i], &q.ip, &record, err))
			return -1;
		if (record)
			json_object_set_new(answers, mmdb->item[i], record);
	}
	*ret_answers = steal_ptr(answers);
	return 0;
}

void dict_ask_print(FILE *out, const char *address, const json_t *answers)
{
	const char *name;
	json_t *list, *row;
	size_t i;

	if (json_object_size(answers) == 0)
		print_plain(out, "%s: nothing is known\n", address);
	json_object_foreach ((json_t *)answers, name, list) {
		if (json_is_array(list))
			json_array_foreach (list, i, row) {
				CLEANUP_FREE char *text = json_dumps(row, JSON_COMPACT | DIGITS);
				print_plain(out, "%-20s %s\n", name, text ? text : "");
			}
		else {
			CLEANUP_FREE char *text = json_dumps(list, JSON_COMPACT | DIGITS);
			print_plain(out, "%s\n", name);
			print_plain(out, "    %s\n", text ? text : "");
		}
	}
}
