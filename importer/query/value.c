/* SPDX-License-Identifier: Apache-2.0
 * Values of a field that a filter names itself (`field = value`), written as its type
 * wants them. */
#include "importer/query/value.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "common/ip.h"
#include "importer/query/field.h"
#include "importer/query/operand.h"
#include "importer/query/when.h"

static bool value_is_any(const struct lexeme *at)
{
	return at->kind == LEX_WORD && strcmp(at->text, "*") == 0;
}

static int value_any(struct parser *p, json_t *values)
{
	parser_next(p);
	json_array_append_new(values, json_pack("{s:s}", "like", "*"));
	return 0;
}

static int value_whole(struct parser *p, long long max, json_t *values)
{
	const struct lexeme *at = parser_peek(p);
	long long n;
	const bool minus = at->kind == LEX_WORD && at->text[0] == '-';
	(void)max;
	if (value_is_any(at))
		return value_any(p, values);
	if ((at->kind != LEX_WORD && at->kind != LEX_QUOTED) || !lex_number(at->text + minus, &n))
		return parser_fail(p, at,
				   "a whole number is wanted (k, m, g, t are powers of 1000)");
	parser_next(p);
	json_array_append_new(values, json_integer(minus ? -n : n));
	return 0;
}

static int value_real(struct parser *p, long long max, json_t *values)
{
	const struct lexeme *at = parser_peek(p);
	char *end;
	long long n;
	if (value_is_any(at))
		return value_any(p, values);
	if (at->kind == LEX_WORD && lex_number(at->text, &n))
		return value_whole(p, max, values);
	const double real = strtod(at->text, &end);
	json_t *value = at->kind == LEX_WORD && end != at->text && !*end ? json_real(real) : NULL;
	if (!value)
		return parser_fail(p, at, "a number is wanted (k, m, g, t are powers of 1000)");
	parser_next(p);
	json_array_append_new(values, value);
	return 0;
}

static int value_address(struct parser *p, long long max, json_t *values)
{
	const struct lexeme *at = parser_peek(p);
	struct prefix prefix;
	(void)max;
	if (value_is_any(at))
		return value_any(p, values);
	if ((at->kind != LEX_WORD && at->kind != LEX_QUOTED) || operand_prefix(at->text, &prefix))
		return parser_fail(p, at,
				   "an address is wanted, such as 192.0.2.1, or a network with its "
				   "bits");
	parser_next(p);
	json_array_append_new(values, operand_prefix_json(&prefix));
	return 0;
}

static int value_true(struct parser *p, long long max, json_t *values)
{
	const struct lexeme *at = parser_peek(p);
	(void)max;
	if (value_is_any(at))
		return value_any(p, values);
	const bool yes = strcasecmp(at->text, "true") == 0;
	if (at->kind == LEX_END || (!yes && strcasecmp(at->text, "false") != 0))
		return parser_fail(p, at, "true or false is wanted");
	parser_next(p);
	json_array_append_new(values, json_boolean(yes));
	return 0;
}

/* A day is the time up to its end. */
static int value_date(struct parser *p, long long max, json_t *values)
{
	const struct lexeme *at = parser_peek(p);
	uint64_t ms, until;
	struct err err = ERR_NONE;
	(void)max;
	if (value_is_any(at))
		return value_any(p, values);
	if (at->kind != LEX_WORD && at->kind != LEX_QUOTED)
		return parser_fail(p, at, "a time is wanted, such as 2026-11-01");
	if (when_parse("a time is wanted", at->text, clock_wall_ms(), &ms, &until, &err))
		return parser_fail(p, at, "%s", err.msg);
	parser_next(p);
	json_array_append_new(
	    values, json_pack("{s:I,s:I}", "from", (json_int_t)ms, "until", (json_int_t)until));
	return 0;
}

static operand_one *const value_of_type[] = {
	[FIELD_UNKNOWN] = operand_name,  [FIELD_TEXT] = operand_name,
	[FIELD_WHOLE] = value_whole,     [FIELD_REAL] = value_real,
	[FIELD_ADDRESS] = value_address, [FIELD_DATE] = value_date,
	[FIELD_TRUE] = value_true,       [FIELD_FOLDER] = operand_name,
};

static long long date_part(const json_t *value, const char *part)
{
	return json_integer_value(json_object_get(value, part));
}

static struct node *date_range(const char *field, const char *bound, long long ms)
{
	return node_range(field,
			  json_pack("{s:I,s:s}", bound, (json_int_t)ms, "format", "epoch_millis"));
}

/* Any of the times: the moment, or from its beginning up to its end. */
static struct node *dates_node(const char *field, const json_t *values)
{
	struct node *node = NULL;
	json_t *value;
	size_t i;
	json_array_foreach ((json_t *)values, i, value) {
		const long long from = date_part(value, "from"), until = date_part(value, "until");
		if (json_object_get(value, "like"))
			node = node_or(node, node_has(field));
		else
			node = node_or(
			    node,
			    node_range(field,
				       json_pack("{s:I,s:I,s:s}", "gte", (json_int_t)from, "lt",
						 (json_int_t)(until > from ? until : from + 1),
						 "format", "epoch_millis")));
	}
	return node;
}

static struct node *values_of_type(const char *field, enum field_kind type, const json_t *values)
{
	struct node *node = NULL;
	json_t *value;
	size_t i;
	if (type == FIELD_DATE)
		return dates_node(field, values);
	if (type != FIELD_ADDRESS)
		return operand_any(field, values);
	json_array_foreach ((json_t *)values, i, value)
		if (json_is_object(value)) /* any, and with it all others */
			return node_has(field);
	node = operand_addresses(field, values);
	return node;
}

static struct node *value_bound(const char *field, enum field_kind type,
				enum lexeme_kind comparison, const json_t *value)
{
	static const char *const bounds[] = {
		[LEX_LT] = "lt", [LEX_LE] = "lte", [LEX_GT] = "gt", [LEX_GE] = "gte"
	};
	const long long from = date_part(value, "from"), until = date_part(value, "until");
	if (type != FIELD_DATE)
		return node_range(field, json_pack("{s:O}", bounds[comparison], value));
	/* behind a day is behind its end */
	if (comparison == LEX_GT && until > from)
		return date_range(field, "gte", until);
	if (comparison == LEX_LE && until > from)
		return date_range(field, "lt", until);
	return date_range(field, bounds[comparison], from);
}

static int bound_read(struct parser *p, const char *field, enum field_kind type,
		      enum lexeme_kind comparison, struct node **ret_node)
{
	CLEANUP_JSON json_t *values = json_array();
	const struct lexeme *at = parser_peek(p);
	if (type == FIELD_TRUE)
		return parser_fail(p, at, "%.80s is true or false: only = and != can be asked",
				   field);
	if (value_of_type[type](p, 0, values))
		return -1;
	const json_t *value = json_array_get(values, 0);
	const char *text = json_string_value(value);
	if (json_object_get(value, "like"))
		return parser_fail(p, at,
				   "nothing is less or more than any value; = * asks for one");
	if (type == FIELD_ADDRESS && strchr(text, '/'))
		return parser_fail(p, at, "an address is wanted: a network can be equal, or not");
	*ret_node = value_bound(field, type, comparison, value);
	return 0;
}

/* Keeps what was named for whoever asks the cluster of what type it is. */
static int field_note(struct parser *p, const struct lexeme *field, enum field_kind *ret_type)
{
	char text[FIELD_WRONG_TEXT];
	*ret_type = field_kind_of(p->types, field->text);
	if (*ret_type == FIELD_FOLDER || (*ret_type == FIELD_UNKNOWN && p->types))
		return parser_fail(p, field, "this %s", field_wrong(field->text, *ret_type, text));
	json_t *name = json_string(field->text);
	if (!name)
		return parser_fail(p, field, "this is no UTF-8");
	json_array_append_new(p->named, name);
	p->foreign |= *ret_type == FIELD_UNKNOWN;
	return 0;
}

int value_read(struct parser *p, const struct lexeme *field, struct node **ret_node)
{
	CLEANUP_JSON json_t *values = json_array();
	enum field_kind type;
	const struct lexeme *at = parser_peek(p);
	if (field_note(p, field, &type))
		return -1;
	const bool is_list = operand_list(p);
	if (!is_list && (at->kind < LEX_EQ || at->kind > LEX_GE))
		return parser_fail(p, at,
				   "behind the field %.80s a comparison is wanted, such as "
				   "= VALUE, != VALUE, > VALUE, = * (it has any), in [ … ]",
				   field->text);
	const enum lexeme_kind comparison = is_list ? LEX_EQ : parser_comparison(p);
	if (comparison > LEX_NE)
		return bound_read(p, field->text, type, comparison, ret_node);
	if (operand_each(p, is_list || operand_list(p), values, 0, value_of_type[type]))
		return -1;
	struct node *node = values_of_type(field->text, type, values);
	*ret_node = comparison == LEX_NE ? node_not(node) : node;
	return 0;
}
