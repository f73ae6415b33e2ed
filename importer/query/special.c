/* SPDX-License-Identifier: Apache-2.0
 * Words of the filter with rules of their own: what stands in the headers of packets. */
#include "importer/query/special.h"

#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/cleanup.h"
#include "importer/query/numbers.h"
#include "importer/query/operand.h"
#include "importer/query/suggest.h"
#include "importer/query/words.h"

int read_any(struct parser *p, const struct word_row *row, struct node **ret_node)
{
	(void)p;
	(void)row;
	*ret_node = node_all();
	return 0;
}

int read_version(struct parser *p, const struct word_row *row, struct node **ret_node)
{
	(void)p;
	*ret_node = node_is(row->fields[0], json_string(strchr(row->word, '6') ? "ipv6" : "ipv4"));
	return 0;
}

static bool number_passes(enum lexeme_kind comparison, long long value, long long n)
{
	switch (comparison) {
	case LEX_NE:
		return value != n;
	case LEX_LT:
		return value < n;
	case LEX_LE:
		return value <= n;
	case LEX_GT:
		return value > n;
	case LEX_GE:
		return value >= n;
	default:
		return value == n;
	}
}

/* Names that nfdump has and IANA's registry has not, or for another number. */
static const struct number_name nfdump_protocols[] = {
	{ 4, "ipip" }, { 58, "icmp6" }, { 89, "ospf" }, { -1, NULL }
};

static int protocol_fail(struct parser *p, const struct lexeme *at)
{
	struct suggestion s = suggest_for(at->text);
	for (const struct number_name *n = number_protocols; n->name; n++)
		suggest_try(&s, n->name);
	if (s.best)
		return parser_fail(p, at, "no protocol; did you mean '%s'?", s.best);
	return parser_fail(p, at, "no protocol: a name such as tcp is wanted, or a number");
}

int read_protocol(struct parser *p, const struct word_row *row, struct node **ret_node)
{
	char number[24];
	long long n;
	if (parser_equal(p))
		return -1;
	const struct lexeme *at = parser_peek(p);
	if (at->kind == LEX_END)
		return parser_fail(p, at, "a protocol is wanted");
	if (isdigit((unsigned char)at->text[0]) && lex_number(at->text, &n)) {
		if (parser_number(p, 255, &n))
			return -1;
	} else {
		n = number_of(nfdump_protocols, at->text);
		if (n < 0)
			n = number_of(number_protocols, at->text);
		if (n < 0)
			return protocol_fail(p, at);
		parser_next(p);
	}
	snprintf(number, sizeof(number), "%lld", n);
	const char *name = row->qualifiers & Q_TUN ? NULL : number_name(number_protocols, (int)n);
	*ret_node = node_is(row->fields[0], json_string(name ? name : number));
	if (n == 0)
		*ret_node = node_or(*ret_node, node_not(node_has(row->fields[0])));
	return 0;
}

/* Bits of nfdump's letters, with the names that documents have. */
static const struct tcp_flag {
	char letter;
	unsigned bit;
	const char *name;
} tcp_flags[] = {
	{ 'F', 1, "FIN" },  { 'S', 2, "SYN" },  { 'R', 4, "RST" },  { 'P', 8, "PSH" },
	{ 'A', 16, "ACK" }, { 'U', 32, "URG" }, { 'E', 64, "ECE" }, { 'C', 128, "CWR" },
};
#define TCP_FLAGS     (sizeof(tcp_flags) / sizeof(tcp_flags[0]))
#define TCP_FLAGS_ALL 63 /* that is nfdump's X, and as far as its numbers go */

static struct node *flag_node(const char *field, const struct tcp_flag *flag)
{
	return node_is(field, json_string(flag->name));
}

/* All bits of `bits`; where the term is negated any of them, so that none is left. */
static struct node *flags_of(const char *field, unsigned bits, bool any)
{
	struct node *node = NULL;
	for (size_t i = 0; i < TCP_FLAGS; i++)
		if (bits & tcp_flags[i].bit)
			node = any ? node_or(node, flag_node(field, &tcp_flags[i]))
				   : node_and(node, flag_node(field, &tcp_flags[i]));
	return node;
}

/* These bits and no others. */
static struct node *flags_exactly(const char *field, unsigned bits)
{
	struct node *node = flags_of(field, bits, false);
	for (size_t i = 0; i < TCP_FLAGS; i++)
		if (!(bits & tcp_flags[i].bit))
			node = node_and(node, node_not(flag_node(field, &tcp_flags[i])));
	return node;
}

/* Compared as a number: no document has it for that, so a script adds it up. */
static struct node *flags_compared(const char *field, enum lexeme_kind comparison, long long n)
{
	static const char *const signs[] = {
		[LEX_LT] = "<", [LEX_LE] = "<=", [LEX_GT] = ">", [LEX_GE] = ">="
	};
	char source[400];
	json_t *bits = json_object();
	for (size_t i = 0; i < TCP_FLAGS; i++)
		json_object_set_new(bits, tcp_flags[i].name, json_integer(tcp_flags[i].bit));
	snprintf(source, sizeof(source),
		 "int sum = 0; if (doc.containsKey('%s')) { for (def flag : doc['%s']) "
		 "{ if (params.bits.containsKey(flag)) { sum += params.bits[flag]; } } } "
		 "return sum %s params.n;",
		 field, field, signs[comparison]);
	return node_script(field, source, json_pack("{s:o,s:I}", "bits", bits, "n", (json_int_t)n));
}

static int flags_letters(struct parser *p, const struct lexeme *at, unsigned *ret_bits)
{
	unsigned bits = 0;
	for (const char *c = at->text; *c; c++) {
		unsigned bit = toupper((unsigned char)*c) == 'X' ? TCP_FLAGS_ALL : 0;
		for (size_t i = 0; i < TCP_FLAGS; i++)
			if (toupper((unsigned char)*c) == tcp_flags[i].letter)
				bit = tcp_flags[i].bit;
		if (!bit)
			return parser_fail(p, at,
					   "'%c' is none of the flags F, S, R, P, A, U, E, "
					   "C, and X for all",
					   *c);
		bits |= bit;
	}
	*ret_bits = bits;
	return 0;
}

int read_flags(struct parser *p, const struct word_row *row, struct node **ret_node)
{
	const char *field = row->fields[1];
	struct node *node;
	const enum lexeme_kind comparison = parser_comparison(p);
	const struct lexeme *at = parser_peek(p);
	long long n;
	unsigned bits = 0;
	if (at->kind != LEX_WORD)
		return parser_fail(p, at, "flags are wanted, such as S or SA");
	if (isdigit((unsigned char)at->text[0])) {
		if (parser_number(p, TCP_FLAGS_ALL, &n))
			return -1;
		node = comparison > LEX_NE ? flags_compared(field, comparison, n)
					   : flags_exactly(field, (unsigned)n);
	} else {
		if (comparison > LEX_NE)
			return parser_fail(p, at, "flags are compared as a number of 0 to 63");
		if (flags_letters(p, at, &bits))
			return -1;
		parser_next(p);
		node = flags_of(field, bits, (p->nots + (comparison == LEX_NE)) % 2);
	}
	if (comparison == LEX_NE)
		node = node_not(node);
	*ret_node = node_and(node_is(row->fields[0], json_string("tcp")), node);
	return 0;
}

static struct node *dscp_node(int dscp)
{
	char number[12];
	snprintf(number, sizeof(number), "%d", dscp);
	const char *name = number_name(number_dscp, dscp);
	return node_is("flow.dscp.name", json_string(name ? name : number));
}

/* The TOS byte has no column: it is asked by the name of its DSCP and that of its ECN. Who has no
 * ECN has 0 there. */
static struct node *tos_node(int dscp, unsigned ecn)
{
	static const char *const names[] = { "Not-ECT", "ECT(1)", "ECT(0)", "CE" };
	CLEANUP_JSON json_t *in = json_array(), *out = json_array();
	for (unsigned i = 0; i < 4; i++)
		json_array_append_new(ecn & (1U << i) ? in : out, json_string(names[i]));
	struct node *node = dscp_node(dscp);
	if (json_array_size(out) && ecn & 1)
		return node_and(node, node_not(node_is_any("flow.ecn", json_incref(out))));
	if (json_array_size(out))
		return node_and(node, node_is_any("flow.ecn", json_incref(in)));
	return node;
}

int read_tos(struct parser *p, const struct word_row *row, struct node **ret_node)
{
	const enum lexeme_kind comparison = parser_comparison(p);
	struct node *node = NULL;
	bool zero = false;
	long long n;
	if (parser_number(p, 255, &n))
		return -1;
	for (int dscp = 0; dscp < 64; dscp++) {
		unsigned ecn = 0;
		for (int i = 0; i < 4; i++)
			ecn |= (unsigned)number_passes(comparison, dscp * 4 + i, n) << i;
		zero |= dscp == 0 && ecn & 1;
		if (ecn)
			node = node_or(node, tos_node(dscp, ecn));
	}
	if (!node) /* > 255 */
		node = node_none();
	*ret_node = zero ? node_or(node, node_not(node_has(row->fields[0]))) : node;
	return 0;
}

static struct node *icmp_node(const char *field, enum lexeme_kind comparison, long long n)
{
	json_t *both = json_pack("[s,s]", "icmp", "ipv6-icmp");
	return node_and(node_is_any("network.transport", both), node_number(field, comparison, n));
}

int read_icmp(struct parser *p, const struct word_row *row, struct node **ret_node)
{
	const enum lexeme_kind comparison = parser_comparison(p);
	long long n;
	if (parser_number(p, 255, &n))
		return -1;
	*ret_node = icmp_node(row->fields[0], comparison, n);
	return 0;
}

/* "icmp type 8": the newer spelling */
int read_icmp_word(struct parser *p, const struct word_row *row, struct node **ret_node)
{
	const struct lexeme *at = parser_next(p);
	const bool type = strcasecmp(at->text, "type") == 0;
	if (at->kind != LEX_WORD || (!type && strcasecmp(at->text, "code") != 0))
		return parser_fail(p, at,
				   "'icmp' wants 'type' or 'code' behind it; the protocol is "
				   "'proto icmp'");
	const struct word_row one = { .fields = { row->fields[type ? 0 : 1] } };
	return read_icmp(p, &one, ret_node);
}

#define NS_PER_MS 1000000LL

/* Milliseconds, of which nfdump knows no parts: 1.9 ms are 1. */
static struct node *duration_node(const char *field, enum lexeme_kind comparison, long long ms)
{
	const long long at = ms * NS_PER_MS, next = at + NS_PER_MS;
	switch (comparison) {
	case LEX_NE:
		return node_not(duration_node(field, LEX_EQ, ms));
	case LEX_LT:
		return node_number(field, LEX_LT, at);
	case LEX_LE:
		return node_number(field, LEX_LT, next);
	case LEX_GT:
		return node_number(field, LEX_GE, next);
	case LEX_GE:
		return node_number(field, LEX_GE, at);
	default:
		if (ms == 0)
			return node_number(field, LEX_LT, next);
		return node_range(
		    field, json_pack("{s:I,s:I}", "gte", (json_int_t)at, "lt", (json_int_t)next));
	}
}

int read_duration(struct parser *p, const struct word_row *row, struct node **ret_node)
{
	const enum lexeme_kind comparison = parser_comparison(p);
	long long ms;
	if (parser_number(p, INT64_MAX / NS_PER_MS - 1, &ms))
		return -1;
	*ret_node = duration_node(row->fields[0], comparison, ms);
	return 0;
}

/* What is reckoned of a record: of one that lasted no whole millisecond (or has no packets) it is
 * 0, as in nfdump. `field` is counted, `by` divides. */
static struct node *rate_node(const struct word_row *row, enum lexeme_kind comparison, long long n)
{
	static const char *const signs[] = { [LEX_EQ] = "==", [LEX_NE] = "!=", [LEX_LT] = "<",
					     [LEX_LE] = "<=", [LEX_GT] = ">",  [LEX_GE] = ">=" };
	char source[500];
	const bool per_time = strcmp(row->fields[1], "event.duration") == 0;
	const long long times = row->max; /* 1 a packet, 1000 a packet a second, 8000 a byte */
	snprintf(source, sizeof(source),
		 "long value(def doc, String field) { return doc.containsKey(field) && "
		 "doc[field].size() > 0 ? doc[field].value : 0L } "
		 "long by = value(doc, '%s')%s; "
		 "return (by == 0L ? 0L : %lldL * value(doc, '%s') / by) %s params.n;",
		 row->fields[1], per_time ? " / 1000000L" : "", times, row->fields[0],
		 signs[comparison]);
	return node_script(row->fields[0], source, json_pack("{s:I}", "n", (json_int_t)n));
}

int read_rate(struct parser *p, const struct word_row *row, struct node **ret_node)
{
	const enum lexeme_kind comparison = parser_comparison(p);
	long long n;
	if (parser_number(p, INT64_MAX, &n))
		return -1;
	*ret_node = rate_node(row, comparison, n);
	return 0;
}

/* A record is one flow. */
int read_flows(struct parser *p, const struct word_row *row, struct node **ret_node)
{
	(void)row;
	const enum lexeme_kind comparison = parser_comparison(p);
	long long n;
	if (parser_number(p, INT64_MAX, &n))
		return -1;
	*ret_node = number_passes(comparison, 1, n) ? node_all() : node_none();
	return 0;
}

int read_netflow(struct parser *p, const struct word_row *row, struct node **ret_node)
{
	static const struct number_name versions[] = {
		{ 1, "netflow1" }, { 5, "netflow5" }, { 6, "netflow6" }, { 7, "netflow7" },
		{ 9, "netflow9" }, { 10, "ipfix" },   { -1, NULL },
	};
	const enum lexeme_kind comparison = parser_comparison(p);
	json_t *names;
	long long n;
	if (parser_number(p, 10, &n))
		return -1;
	names = json_array();
	for (const struct number_name *v = versions; v->name; v++)
		if (number_passes(comparison, v->number, n))
			json_array_append_new(names, json_string(v->name));
	*ret_node = node_is_any(row->fields[0], names);
	return 0;
}

int read_ethertype(struct parser *p, const struct word_row *row, struct node **ret_node)
{
	char text[24];
	long long n;
	if (parser_equal(p))
		return -1;
	if (parser_number(p, 65535, &n))
		return -1;
	snprintf(text, sizeof(text), "0x%04llx", n);
	*ret_node = node_is(row->fields[0], json_string(text));
	return 0;
}
