/* SPDX-License-Identifier: Apache-2.0
 * Turns a YAML document into a JSON tree, as Elasticsearch itself would read it. */
#include "importer/assets/yaml.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "common/cleanup.h"

#define DEPTH_MAX 64
#define NODES_MAX 2000000U /* aliases can multiply: a small file may not become a large tree */

struct yaml_reader {
	const char *name;
	yaml_document_t document;
	size_t nodes;
	struct err *err;
};

static int yaml_fail(struct yaml_reader *r, const yaml_mark_t *mark, const char *what)
{
	return err_set(r->err, EF_USAGE, "%s:%zu:%zu: %s", r->name, mark->line + 1,
		       mark->column + 1, what);
}

static json_t *plain_number(const char *s)
{
	char *end;
	size_t digits = strspn(s + (s[0] == '-' || s[0] == '+'), "0123456789");
	if (digits == 0 && s[0] != '.')
		return NULL; /* also keeps strtod() from reading "inf", "nan" and hexadecimal */
	errno = 0;
	long long i = strtoll(s, &end, 10);
	if (*end == '\0' && errno == 0)
		return json_integer(i);
	if (strspn(s, "+-.0123456789eE") != strlen(s))
		return NULL;
	double d = strtod(s, &end);
	return *end == '\0' && end != s ? json_real(d) : NULL;
}

static json_t *plain_scalar(const char *s)
{
	static const struct {
		const char *text;
		json_type type;
	} words[] = {
		{ "", JSON_NULL },       { "~", JSON_NULL },      { "null", JSON_NULL },
		{ "Null", JSON_NULL },   { "NULL", JSON_NULL },   { "true", JSON_TRUE },
		{ "True", JSON_TRUE },   { "TRUE", JSON_TRUE },   { "false", JSON_FALSE },
		{ "False", JSON_FALSE }, { "FALSE", JSON_FALSE },
	};
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(s, words[i].text) == 0)
			return words[i].type == JSON_NULL
				   ? json_null()
				   : json_boolean(words[i].type == JSON_TRUE);
	return plain_number(s);
}

static json_t *scalar(struct yaml_reader *r, const yaml_node_t *node)
{
	const char *s = (const char *)node->data.scalar.value;
	size_t len = node->data.scalar.length;
	json_t *j = NULL;
	if (node->data.scalar.style == YAML_PLAIN_SCALAR_STYLE && strlen(s) == len)
		j = plain_scalar(s);
	if (!j)
		j = json_stringn(s, len);
	if (!j)
		yaml_fail(r, &node->start_mark, "text that is not UTF-8");
	return j;
}

static json_t *yaml_value(struct yaml_reader *r, int index, int depth);

static json_t *sequence(struct yaml_reader *r, const yaml_node_t *node, int depth)
{
	CLEANUP_JSON json_t *list = json_array();
	for (yaml_node_item_t *i = node->data.sequence.items.start;
	     i < node->data.sequence.items.top; i++)
		if (json_array_append_new(list, yaml_value(r, *i, depth + 1)) != 0)
			return NULL;
	return steal_ptr(list);
}

static json_t *mapping(struct yaml_reader *r, const yaml_node_t *node, int depth)
{
	CLEANUP_JSON json_t *object = json_object();
	for (yaml_node_pair_t *p = node->data.mapping.pairs.start; p < node->data.mapping.pairs.top;
	     p++) {
		const yaml_node_t *key = yaml_document_get_node(&r->document, p->key);
		if (key->type != YAML_SCALAR_NODE) {
			yaml_fail(r, &key->start_mark, "a key must be text");
			return NULL;
		}
		const char *name = (const char *)key->data.scalar.value;
		if (json_object_get(object, name)) {
			yaml_fail(r, &key->start_mark, "this key stands twice in the same object");
			return NULL;
		}
		CLEANUP_JSON json_t *v = yaml_value(r, p->value, depth + 1);
		if (!v)
			return NULL;
		if (json_object_set(object, name, v) != 0) {
			yaml_fail(r, &key->start_mark, "a key that is not UTF-8");
			return NULL;
		}
	}
	return steal_ptr(object);
}

static json_t *yaml_value(struct yaml_reader *r, int index, int depth)
{
	const yaml_node_t *node = yaml_document_get_node(&r->document, index);
	if (depth > DEPTH_MAX || ++r->nodes > NODES_MAX) {
		yaml_fail(r, &node->start_mark, "nested too deep, or too large");
		return NULL;
	}
	switch (node->type) {
	case YAML_SCALAR_NODE:
		return scalar(r, node);
	case YAML_SEQUENCE_NODE:
		return sequence(r, node, depth);
	case YAML_MAPPING_NODE:
		return mapping(r, node, depth);
	default:
		yaml_fail(r, &node->start_mark, "an empty node");
		return NULL;
	}
}

int yaml_to_json(const char *name, const char *text, size_t len, json_t **ret_json, struct err *err)
{
	struct yaml_reader r = { .name = name, .err = err };
	yaml_parser_t parser;
	if (!yaml_parser_initialize(&parser))
		return err_set(err, EF_FAILED, "no memory to read %s", name);
	yaml_parser_set_input_string(&parser, (const unsigned char *)text, len);
	int result = -1;
	if (!yaml_parser_load(&parser, &r.document)) {
		err_set(err, EF_USAGE, "%s:%zu:%zu: %s", name, parser.problem_mark.line + 1,
			parser.problem_mark.column + 1,
			parser.problem ? parser.problem : "cannot be read");
	} else {
		json_t *j = NULL;
		if (!yaml_document_get_root_node(&r.document))
			err_set(err, EF_USAGE, "%s is empty", name);
		else
			j = yaml_value(&r, 1, 0); /* nodes count from one, the root comes first */
		yaml_document_delete(&r.document);
		if (j) {
			*ret_json = j;
			result = 0;
		}
	}
	yaml_parser_delete(&parser);
	return result;
}
