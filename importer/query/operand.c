/* SPDX-License-Identifier: Apache-2.0
 * What follows a word of the filter: numbers, addresses, networks, names, alone or as a list; and
 * the conditions that come of it. */
#include "importer/query/operand.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/ip.h"
#include "importer/query/words.h"

static struct node *number_range(const char *field, const char *bound, long long n)
{
	return node_range(field, json_pack("{s:I}", bound, (json_int_t)n));
}

struct node *node_number(const char *field, enum lexeme_kind comparison, long long n)
{
	struct node *node = NULL;
	bool zero = false; /* whether 0 passes, and with it who has no value */
	switch (comparison) {
	case LEX_NE:
		return node_not(node_number(field, LEX_EQ, n));
	case LEX_LT:
		node = number_range(field, "lt", n);
		zero = n > 0;
		break;
	case LEX_LE:
		node = number_range(field, "lte", n);
		zero = true;
		break;
	case LEX_GT:
		node = number_range(field, "gt", n);
		break;
	case LEX_GE:
		node = number_range(field, "gte", n);
		zero = n == 0;
		break;
	default:
		node = node_is(field, json_integer(n));
		zero = n == 0;
	}
	return zero ? node_or(node, node_not(node_has(field))) : node;
}

/* Whether a list begins here: `in [`, or `= [`. */
bool operand_list(struct parser *p)
{
	const struct lexeme *at = parser_peek(p);
	if (at->kind == LEX_WORD && strcasecmp(at->text, "in") == 0 && at[1].kind == LEX_LIST) {
		p->at += 2;
		return true;
	}
	return parser_skip(p, LEX_LIST);
}

/* Whether one more follows in the list: behind a comma, or a blank. */
static bool list_goes_on(struct parser *p)
{
	parser_skip(p, LEX_COMMA);
	return !parser_skip(p, LEX_UNLIST);
}

/* Calls `one` for each word of the list that the parser is in, or once without a list. */
int operand_each(struct parser *p, bool is_list, json_t *values, long long max, operand_one *one)
{
	do {
		if (parser_peek(p)->kind == LEX_END && is_list)
			return parser_fail(p, parser_peek(p), "the list has no end: ] is wanted");
		if (one(p, max, values))
			return -1;
	} while (is_list && list_goes_on(p));
	return 0;
}

static int number_value(struct parser *p, long long max, json_t *values)
{
	long long n;
	if (parser_number(p, max, &n))
		return -1;
	json_array_append_new(values, json_integer(n));
	return 0;
}

/* A number that is kept as text. */
static int id_value(struct parser *p, long long max, json_t *values)
{
	char text[24];
	long long n;
	if (parser_number(p, max, &n))
		return -1;
	snprintf(text, sizeof(text), "%lld", n);
	json_array_append_new(values, json_string(text));
	return 0;
}

/* The text of a prefix as the engine takes it: an address alone has no "/32". */
json_t *operand_prefix_json(const struct prefix *prefix)
{
	char text[IP_TEXT_MAX + 4];
	const size_t len = ip_format(&prefix->ip, text);
	const int whole = 128, bits = prefix->len;
	if (bits < whole)
		snprintf(text + len, sizeof(text) - len, "/%d",
			 ip_is_v4(&prefix->ip) && bits >= 96 ? bits - 96 : bits);
	return json_string(text);
}

/* An address, or a network: 10.1.0.0/16, and as nfdump takes it 10.1/16. */
int operand_prefix(const char *text, struct prefix *ret_prefix)
{
	char full[64];
	struct err none = ERR_NONE;
	const char *slash = strchr(text, '/');
	const size_t len = slash ? (size_t)(slash - text) : strlen(text);
	if (len > 50 || (slash && strlen(slash) > 5))
		return -1;
	int dots = 0, at = snprintf(full, sizeof(full), "%.*s", (int)len, text);
	for (const char *c = full; *c; c++)
		dots += *c == '.';
	const bool is_part = slash && strspn(full, "0123456789.") == len && !strstr(full, "..");
	for (; is_part && dots < 3; dots++)
		at += snprintf(full + at, sizeof(full) - (size_t)at, ".0");
	snprintf(full + at, sizeof(full) - (size_t)at, "%s", slash ? slash : "");
	return prefix_parse(full, true, ret_prefix, &none);
}

static int address_fail(struct parser *p, const struct lexeme *at)
{
	return parser_fail(p, at,
			   "an address is wanted, such as 192.0.2.1, or a network with its "
			   "bits; hosts are found by 'name NAME'");
}

static int address_value(struct parser *p, long long max, json_t *values)
{
	(void)max;
	const struct lexeme *at = parser_peek(p);
	struct prefix prefix;
	if (at->kind != LEX_WORD || operand_prefix(at->text, &prefix))
		return address_fail(p, at);
	parser_next(p);
	json_array_append_new(values, operand_prefix_json(&prefix));
	return 0;
}

/* The bits of a netmask; -1: it is none. */
static int mask_bits(const char *text)
{
	struct in_addr mask;
	if (inet_pton(AF_INET, text, &mask) != 1)
		return -1;
	const uint32_t bits = ntohl(mask.s_addr);
	const int n = __builtin_popcount(bits);
	return bits == (n ? UINT32_MAX << (32 - n) : 0) ? n : -1;
}

/* address/bits, address /bits, address mask */
static int network_value(struct parser *p, long long max, json_t *values)
{
	(void)max;
	const struct lexeme *at = parser_peek(p), *next = at + (at->kind != LEX_END);
	char text[120];
	struct prefix prefix;
	if (at->kind != LEX_WORD || strlen(at->text) > 60)
		return address_fail(p, at);
	snprintf(text, sizeof(text), "%s", at->text);
	const size_t len = strlen(text);
	if (!strchr(text, '/')) {
		const int bits = next->kind == LEX_WORD ? mask_bits(next->text) : -1;
		const bool slash = next->kind == LEX_WORD && next->text[0] == '/';
		if (bits < 0 && !slash)
			return parser_fail(p, at,
					   "a network wants its bits or its mask: "
					   "10.0.0.0/8, 10.0.0.0 255.0.0.0");
		if (slash)
			snprintf(text + len, sizeof(text) - len, "%.4s", next->text);
		else
			snprintf(text + len, sizeof(text) - len, "/%d", bits);
		parser_next(p);
	}
	if (operand_prefix(text, &prefix))
		return address_fail(p, at);
	parser_next(p);
	json_array_append_new(values, operand_prefix_json(&prefix));
	return 0;
}

static int mac_value(struct parser *p, long long max, json_t *values)
{
	(void)max;
	const struct lexeme *at = parser_peek(p);
	char digits[13], text[18];
	size_t n = 0;
	bool good = at->kind == LEX_WORD || at->kind == LEX_QUOTED;
	for (const char *c = at->text; good && *c; c++) {
		if (isxdigit((unsigned char)*c) && n < 12)
			digits[n++] = (char)toupper((unsigned char)*c);
		else
			good = strchr(":-.", *c) != NULL;
	}
	if (!good || n != 12)
		return parser_fail(p, at, "a MAC address is wanted, such as 00:11:22:33:44:55");
	for (size_t i = 0; i < 6; i++)
		snprintf(text + 3 * i, sizeof(text) - 3 * i, "%.2s%s", digits + 2 * i,
			 i < 5 ? "-" : "");
	parser_next(p);
	json_array_append_new(values, json_string(text));
	return 0;
}

/* Unquoted names may hold a *; how it is kept from one that is quoted: as an object. */
int operand_name(struct parser *p, long long max, json_t *values)
{
	(void)max;
	const struct lexeme *text;
	if (parser_text(p, &text))
		return -1;
	json_t *value = json_string(text->text);
	if (!value)
		return parser_fail(p, text, "this is no UTF-8");
	if (text->kind == LEX_WORD && strchr(text->text, '*'))
		value = json_pack("{s:o}", "like", value);
	json_array_append_new(values, value);
	return 0;
}

static int country_value(struct parser *p, long long max, json_t *values)
{
	(void)max;
	const struct lexeme *at = parser_peek(p);
	if ((at->kind != LEX_WORD && at->kind != LEX_QUOTED) || strlen(at->text) != 2 ||
	    !isalpha((unsigned char)at->text[0]) || !isalpha((unsigned char)at->text[1]))
		return parser_fail(p, at,
				   "the two letters of a country are wanted; those that are "
				   "words of the filter stand in quotes: country \"OR\"");
	const char code[3] = { (char)toupper((unsigned char)at->text[0]),
			       (char)toupper((unsigned char)at->text[1]), '\0' };
	parser_next(p);
	json_array_append_new(values, json_string(code));
	return 0;
}

/* One of the plain values, where there are any, or `node`. */
static struct node *any_of(const char *field, json_t *plain_take, struct node *node)
{
	if (json_array_size(plain_take))
		return node_or(node_is_any(field, plain_take), node);
	json_decref(plain_take);
	return node;
}

/* One condition for the plain values together, one for each network and each pattern. */
struct node *operand_any(const char *field, const json_t *values)
{
	struct node *node = NULL;
	json_t *plain = json_array(), *value;
	size_t i;
	json_array_foreach (values, i, value) {
		const char *like = json_string_value(json_object_get(value, "like"));
		if (like)
			node = node_or(node, strcmp(like, "*") == 0 ? node_has(field)
								    : node_like(field, like));
		else
			json_array_append(plain, value);
	}
	return any_of(field, plain, node);
}

struct node *operand_addresses(const char *field, const json_t *values)
{
	struct node *node = NULL;
	json_t *plain = json_array(), *value;
	size_t i;
	json_array_foreach (values, i, value)
		if (strchr(json_string_value(value), '/'))
			node = node_or(node, node_is(field, json_incref(value)));
		else
			json_array_append(plain, value);
	return any_of(field, plain, node);
}

/* Whether 0 is among the values: then a record without one passes, too. */
static bool values_have_zero(const json_t *values)
{
	size_t i;
	json_t *value;
	json_array_foreach (values, i, value)
		if (json_is_integer(value)
			? json_integer_value(value) == 0
			: json_is_string(value) && strcmp(json_string_value(value), "0") == 0)
			return true;
	return false;
}

static struct node *operand_node(const struct word_row *row, const char *field,
				 enum lexeme_kind comparison, const json_t *values)
{
	struct node *node = NULL;
	if (row->takes == TAKES_NUMBER && json_array_size(values) == 1)
		return node_number(field, comparison,
				   json_integer_value(json_array_get(values, 0)));
	if (row->takes == TAKES_ADDRESS || row->takes == TAKES_NETWORK)
		node = operand_addresses(field, values);
	else
		node = operand_any(field, values);
	if ((row->takes == TAKES_NUMBER || row->takes == TAKES_ID) && values_have_zero(values))
		node = node_or(node, node_not(node_has(field)));
	return node;
}

static const struct operand_row {
	int (*value)(struct parser *p, long long max, json_t *values);
} operand_rows[] = {
	[TAKES_NUMBER] = { number_value },   [TAKES_ID] = { id_value },
	[TAKES_ADDRESS] = { address_value }, [TAKES_NETWORK] = { network_value },
	[TAKES_MAC] = { mac_value },         [TAKES_NAME] = { operand_name },
	[TAKES_COUNTRY] = { country_value },
};

int operand_read(struct parser *p, const struct word_row *row, struct node **ret_node)
{
	CLEANUP_JSON json_t *values = json_array();
	const struct lexeme *at = parser_peek(p);
	const enum lexeme_kind comparison = parser_comparison(p);
	const bool is_list = operand_list(p);
	if (comparison > LEX_NE && (row->takes != TAKES_NUMBER || is_list))
		return parser_fail(p, at, "%s can only be equal (=, in [ … ]) or not (!=)",
				   is_list ? "a list" : row->word);
	/* a word with rules of its own that comes here takes a name */
	const enum operand_kind takes = row->takes == TAKES_OWN ? TAKES_NAME : row->takes;
	if (operand_each(p, is_list, values, row->max, operand_rows[takes].value))
		return -1;
	struct node *node = NULL;
	const enum lexeme_kind one = comparison == LEX_NE ? LEX_EQ : comparison;
	for (size_t i = 0; i < WORD_FIELDS && row->fields[i]; i++)
		node = node_or(node, operand_node(row, row->fields[i], one, values));
	*ret_node = comparison == LEX_NE ? node_not(node) : node;
	return 0;
}
