/* SPDX-License-Identifier: Apache-2.0
 * A filter as KQL, the language of Kibana's search bar. */
#include "importer/query/kql.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "importer/core/memory.h"
#include "importer/core/print.h"

static int kql_node(FILE *out, const struct node *node, struct err *err);

/* Numbers and true as they are, texts in quotes, in which nothing but \ and " has a meaning. */
static void kql_value(FILE *out, const json_t *value)
{
	if (json_is_integer(value)) {
		print_plain(out, "%lld", (long long)json_integer_value(value));
		return;
	}
	if (!json_is_string(value)) {
		print_plain(out, "%s", json_is_true(value) ? "true" : "false");
		return;
	}
	fputc('"', out);
	for (const char *c = json_string_value(value); *c; c++) {
		if (*c == '"' || *c == '\\')
			fputc('\\', out);
		fputc(*c, out);
	}
	fputc('"', out);
}

static void kql_is(FILE *out, const struct node *node)
{
	size_t i;
	const json_t *value;
	const bool list = json_array_size(node->value) > 1;
	print_plain(out, list ? "%s: (" : "%s: ", node->field);
	json_array_foreach (node->value, i, value) {
		if (i)
			print_plain(out, " or ");
		kql_value(out, value);
	}
	if (list)
		fputc(')', out);
}

/* Outside of quotes, where * is any characters, all that has a meaning stands behind a \. */
static void kql_like(FILE *out, const struct node *node)
{
	print_plain(out, "%s: ", node->field);
	for (const char *c = json_string_value(node->value); *c; c++) {
		if (strchr("\\():<>\"{}", *c))
			fputc('\\', out);
		fputc(*c, out);
	}
}

static void kql_range(FILE *out, const struct node *node)
{
	static const char *const bounds[][2] = {
		{ "gte", ">=" }, { "gt", ">" }, { "lte", "<=" }, { "lt", "<" }
	};
	bool more = false;
	const bool both = json_object_size(node->value) > 1;
	if (both)
		fputc('(', out);
	for (size_t i = 0; i < sizeof(bounds) / sizeof(bounds[0]); i++) {
		const json_t *bound = json_object_get(node->value, bounds[i][0]);
		if (!bound)
			continue;
		print_plain(out, "%s%s %s ", more ? " and " : "", node->field, bounds[i][1]);
		kql_value(out, bound);
		more = true;
	}
	if (both)
		fputc(')', out);
}

/* What is joined stands in brackets, so that nobody has to know what binds more tightly. */
static int kql_join(FILE *out, const struct node *node, struct err *err)
{
	fputc('(', out);
	for (const struct node *kid = node->kids; kid; kid = kid->next) {
		if (kid != node->kids)
			print_plain(out, node->kind == NODE_AND ? " and " : " or ");
		if (kql_node(out, kid, err))
			return -1;
	}
	fputc(')', out);
	return 0;
}

static int kql_node(FILE *out, const struct node *node, struct err *err)
{
	switch (node->kind) {
	case NODE_ALL:
		print_plain(out, "*");
		return 0;
	case NODE_AND:
	case NODE_OR:
		return kql_join(out, node, err);
	case NODE_NOT:
		print_plain(out, "not ");
		return kql_node(out, node->kids, err);
	case NODE_IS:
		kql_is(out, node);
		return 0;
	case NODE_RANGE:
		kql_range(out, node);
		return 0;
	case NODE_HAS:
		print_plain(out, "%s: *", node->field);
		return 0;
	case NODE_LIKE:
		kql_like(out, node);
		return 0;
	case NODE_SCRIPT:
		return err_set(err, EF_USAGE,
			       "KQL cannot say what a script reckons of %s (bps, pps, bpp, flags "
			       "compared as a number); --show-query prints a query that can",
			       node->field);
	}
	return 0;
}

int kql_of(const struct node *node, char **ret_text, struct err *err)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);
	if (!out)
		memory_out();
	const int result = kql_node(out, node, err);
	if (fclose(out) || !text)
		memory_out();
	if (result) {
		free(text);
		return -1;
	}
	*ret_text = text;
	return 0;
}
