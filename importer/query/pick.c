/* SPDX-License-Identifier: Apache-2.0
 * The values of some fields of a document, found in its text: nothing is made of the others. */
#include "importer/query/pick.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "importer/core/memory.h"

/* One name of a path; those of one object are a list. */
struct pick_node {
	const char *name; /* borrowed, up to a dot */
	size_t len;
	bool is_field; /* and which */
	size_t field;
	struct pick_node *below, *next;
};

struct picker {
	size_t n;
	const char *const *fields;
	size_t *first; /* where the same name stands first */
	struct pick_node *top;
};

struct pick_run {
	const struct picker *picker;
	struct picked *ret;
	const char *at, *end;
};

static struct pick_node *node_named(struct pick_node *list, const char *name, size_t len)
{
	while (list && (list->len != len || memcmp(list->name, name, len) != 0))
		list = list->next;
	return list;
}

static void nodes_free(struct pick_node *list)
{
	while (list) {
		struct pick_node *next = list->next;
		nodes_free(list->below);
		free(list);
		list = next;
	}
}

static void picker_add(struct picker *p, size_t field)
{
	struct pick_node **list = &p->top, *node;
	const char *name = p->fields[field];
	do {
		const size_t len = strcspn(name, ".");
		node = node_named(*list, name, len);
		if (!node) {
			node = calloc(1, sizeof(*node));
			if (!node)
				memory_out();
			*node = (struct pick_node){ .name = name, .len = len, .next = *list };
			*list = node;
		}
		list = &node->below;
		name = name[len] ? name + len + 1 : NULL;
	} while (name);
	if (!node->is_field)
		node->field = field;
	node->is_field = true;
	p->first[field] = node->field;
}

struct picker *picker_new(const char *const *fields, size_t n)
{
	struct picker *p = calloc(1, sizeof(*p));
	if (!p)
		memory_out();
	p->n = n;
	p->fields = fields;
	p->first = calloc(n + 1, sizeof(*p->first));
	if (!p->first)
		memory_out();
	for (size_t i = 0; i < n; i++)
		picker_add(p, i);
	return p;
}

void picker_free(struct picker *p)
{
	if (!p)
		return;
	nodes_free(p->top);
	free(p->first);
	free(p);
}

/* ---- reading ---- */

static void string_skip(struct pick_run *r)
{
	for (r->at++; r->at < r->end && *r->at != '"'; r->at++)
		if (*r->at == '\\' && r->at + 1 < r->end)
			r->at++;
	if (r->at < r->end)
		r->at++;
}

/* Up to the comma or bracket behind it. */
static void value_skip(struct pick_run *r)
{
	size_t depth = 0;
	while (r->at < r->end) {
		const char c = *r->at;
		if (!depth && (c == ',' || c == '}' || c == ']'))
			return;
		if (c == '"') {
			string_skip(r);
			continue;
		}
		depth += c == '{' || c == '[';
		depth -= depth && (c == '}' || c == ']');
		r->at++;
	}
}

static void value_pick(struct pick_run *r, const struct pick_node *node);

/* A member of the document whose name is that of a field with its dots. */
static bool dotted_find(const struct pick_run *r, const char *name, size_t len, size_t *ret_field)
{
	if (!memchr(name, '.', len))
		return false;
	for (size_t i = 0; i < r->picker->n; i++)
		if (strlen(r->picker->fields[i]) == len &&
		    memcmp(r->picker->fields[i], name, len) == 0) {
			*ret_field = r->picker->first[i];
			return true;
		}
	return false;
}

static void member_pick(struct pick_run *r, struct pick_node *list)
{
	const char *name = r->at + 1;
	size_t field;
	string_skip(r);
	const size_t len = r->at > name ? (size_t)(r->at - name) - 1 : 0;
	if (r->at < r->end) /* the colon */
		r->at++;
	const char *value = r->at;
	const struct pick_node *node = node_named(list, name, len);
	if (node) {
		value_pick(r, node);
		return;
	}
	value_skip(r);
	if (list == r->picker->top && dotted_find(r, name, len, &field) && !r->ret[field].json)
		r->ret[field] = (struct picked){ value, (size_t)(r->at - value) };
}

static void object_pick(struct pick_run *r, struct pick_node *list)
{
	do {
		r->at++; /* the bracket, or a comma */
		if (r->at < r->end && *r->at == '"')
			member_pick(r, list);
	} while (r->at < r->end && *r->at == ',');
	if (r->at < r->end)
		r->at++;
}

static void value_pick(struct pick_run *r, const struct pick_node *node)
{
	const char *value = r->at;
	if (node->below && r->at < r->end && *r->at == '{')
		object_pick(r, node->below);
	else
		value_skip(r);
	if (node->is_field)
		r->ret[node->field] = (struct picked){ value, (size_t)(r->at - value) };
}

void picker_read(const struct picker *p, const char *json, size_t len, struct picked *ret)
{
	struct pick_run r = { .picker = p, .ret = ret, .at = json, .end = json + len };
	for (size_t i = 0; i < p->n; i++)
		ret[i] = (struct picked){ .json = NULL };
	if (len && *json == '{')
		object_pick(&r, p->top);
	for (size_t i = 0; i < p->n; i++)
		ret[i] = ret[p->first[i]];
}
