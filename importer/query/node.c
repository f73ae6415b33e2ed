/* SPDX-License-Identifier: Apache-2.0
 * A parsed filter: a tree of conditions on fields of a document, as the filter language's words
 * come down to them. */
#include "importer/query/node.h"

#include <stdlib.h>
#include <string.h>

#include "importer/core/memory.h"

static struct node *node_new(enum node_kind kind, const char *field, json_t *value)
{
	struct node *node = calloc(1, sizeof(*node));
	if (!node)
		memory_out();
	node->kind = kind;
	node->value = value;
	if (field) {
		node->field = strdup(field);
		if (!node->field)
			memory_out();
	}
	return node;
}

struct node *node_all(void)
{
	return node_new(NODE_ALL, NULL, NULL);
}

struct node *node_none(void)
{
	return node_not(node_all());
}

struct node *node_is_any(const char *field, json_t *values)
{
	return node_new(NODE_IS, field, values);
}

struct node *node_is(const char *field, json_t *one_value)
{
	json_t *values = json_array();
	json_array_append_new(values, one_value);
	return node_is_any(field, values);
}

struct node *node_has(const char *field)
{
	return node_new(NODE_HAS, field, NULL);
}

struct node *node_like(const char *field, const char *pattern)
{
	return node_new(NODE_LIKE, field, json_string(pattern));
}

struct node *node_range(const char *field, json_t *bounds)
{
	return node_new(NODE_RANGE, field, bounds);
}

struct node *node_script(const char *field, const char *source, json_t *params)
{
	json_t *script =
	    json_pack("{s:s,s:s,s:o}", "source", source, "lang", "painless", "params", params);
	return node_new(NODE_SCRIPT, field, script);
}

struct node *node_not(struct node *kid)
{
	struct node *node = node_new(NODE_NOT, NULL, NULL);
	node->kids = kid;
	return node;
}

/* The list of `node`'s kids where it is of that kind, else of it alone; consumes it. */
static struct node *node_list(struct node *node, enum node_kind kind)
{
	if (node->kind != kind)
		return node;
	struct node *kids = node->kids;
	node->kids = NULL;
	node_free(node);
	return kids;
}

static struct node *node_join(enum node_kind kind, struct node *a, struct node *b)
{
	if (!a || !b)
		return a ? a : b;
	struct node *node = node_new(kind, NULL, NULL);
	struct node **end = &node->kids;
	*end = node_list(a, kind);
	while (*end)
		end = &(*end)->next;
	*end = node_list(b, kind);
	return node;
}

struct node *node_and(struct node *a, struct node *b)
{
	return node_join(NODE_AND, a, b);
}

struct node *node_or(struct node *a, struct node *b)
{
	return node_join(NODE_OR, a, b);
}

void node_free(struct node *node)
{
	while (node) {
		struct node *next = node->next;
		node_free(node->kids);
		free(node->field);
		json_decref(node->value);
		free(node);
		node = next;
	}
}

static json_t *query_of_bool(const struct node *node)
{
	json_t *clause = json_object(), *list = json_array(), *not = json_array();
	const bool all_of = node->kind == NODE_AND;
	for (const struct node *kid = node->kids; kid; kid = kid->next)
		if (all_of && kid->kind == NODE_NOT)
			json_array_append_new(not, node_query(kid->kids));
		else
			json_array_append_new(list, node_query(kid));
	if (json_array_size(list)) {
		json_object_set(clause, all_of ? "filter" : "should", list);
		if (!all_of)
			json_object_set_new(clause, "minimum_should_match", json_integer(1));
	}
	if (json_array_size(not ))
		json_object_set(clause, "must_not", not );
	json_decref(list);
	json_decref(not );
	return json_pack("{s:o}", "bool", clause);
}

json_t *node_query(const struct node *node)
{
	switch (node->kind) {
	case NODE_ALL:
		return json_pack("{s:{}}", "match_all");
	case NODE_AND:
	case NODE_OR:
		return query_of_bool(node);
	case NODE_NOT:
		return json_pack("{s:{s:[o]}}", "bool", "must_not", node_query(node->kids));
	case NODE_IS:
		if (json_array_size(node->value) == 1)
			return json_pack("{s:{s:O}}", "term", node->field,
					 json_array_get(node->value, 0));
		return json_pack("{s:{s:O}}", "terms", node->field, node->value);
	case NODE_RANGE:
		return json_pack("{s:{s:O}}", "range", node->field, node->value);
	case NODE_HAS:
		return json_pack("{s:{s:s}}", "exists", "field", node->field);
	case NODE_LIKE:
		return json_pack("{s:{s:{s:O}}}", "wildcard", node->field, "value", node->value);
	case NODE_SCRIPT:
		return json_pack("{s:{s:O}}", "script", "script", node->value);
	}
	return NULL;
}
