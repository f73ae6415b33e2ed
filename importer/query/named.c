/* SPDX-License-Identifier: Apache-2.0
 * Words of the filter with rules of their own: ends, exporters, events, and what nfdump has and no
 * document. */
#include "importer/query/named.h"

#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/cleanup.h"
#include "common/ip.h"
#include "importer/query/numbers.h"
#include "importer/query/operand.h"
#include "importer/query/suggest.h"
#include "importer/query/words.h"

/* An address or a network, 10.1/16, too; and what is made of an address's characters alone is meant
 * as one, so that a slip of the pen is no name. */
static bool is_address(const struct lexeme *at)
{
	struct prefix prefix;
	return at->kind == LEX_WORD &&
	       (operand_prefix(at->text, &prefix) == 0 ||
		(strchr(at->text, '.') && !at->text[strspn(at->text, "0123456789./")]));
}

/* As another row would read it. */
static int read_as(struct parser *p, const char *word, unsigned qualifiers, struct node **ret_node)
{
	return operand_read(p, word_find(word, qualifiers), ret_node);
}

/* What the parser is at, behind a comparison and the bracket of a list. */
static const struct lexeme *first_value(const struct parser *p)
{
	const struct lexeme *at = parser_peek(p);
	if (at->kind == LEX_EQ || at->kind == LEX_NE)
		at++;
	if (at->kind == LEX_WORD && strcasecmp(at->text, "in") == 0 && at[1].kind == LEX_LIST)
		at++;
	if (at->kind == LEX_LIST)
		at++;
	return at;
}

/* host ADDRESS is nfdump's, host NAME ours */
int read_host(struct parser *p, const struct word_row *row, struct node **ret_node)
{
	return read_as(p, is_address(first_value(p)) ? "ip" : "name", row->qualifiers, ret_node);
}

/* client, server: an address, a network, or a name */
int read_end(struct parser *p, const struct word_row *row, struct node **ret_node)
{
	const unsigned end = strcasecmp(row->word, "client") == 0 ? Q_CLIENT : Q_SERVER;
	return read_as(p, is_address(first_value(p)) ? "ip" : "name", end, ret_node);
}

int read_exporter(struct parser *p, const struct word_row *row, struct node **ret_node)
{
	const struct word_row name = { .word = row->word,
				       .takes = TAKES_NAME,
				       .fields = { row->fields[0] } };
	if (is_address(first_value(p)))
		return read_as(p, "ip", Q_ROUTER, ret_node);
	return operand_read(p, &name, ret_node);
}

/* One word of `words`, its number in *ret_which. */
static int choice_read(struct parser *p, const char *const *words, size_t *ret_which)
{
	char all[300] = "";
	size_t len = 0;
	const struct lexeme *at = parser_peek(p);
	struct suggestion s = suggest_for(at->text);
	for (size_t i = 0; words[i]; i++) {
		if (at->kind != LEX_END && strcasecmp(at->text, words[i]) == 0) {
			parser_next(p);
			*ret_which = i;
			return 0;
		}
		suggest_try(&s, words[i]);
		if (len < sizeof(all))
			len += (size_t)snprintf(all + len, sizeof(all) - len, "%s%s", i ? ", " : "",
						words[i]);
	}
	if (s.best && at->kind == LEX_WORD)
		return parser_fail(p, at, "one of %s is wanted; did you mean '%s'?", all, s.best);
	return parser_fail(p, at, "one of %s is wanted", all);
}

int read_direction(struct parser *p, const struct word_row *row, struct node **ret_node)
{
	static const char *const words[] = { "inbound", "outbound", "internal", "external",
					     "ingress", "egress",   NULL };
	size_t which;
	const struct lexeme *at = parser_peek(p);
	const enum lexeme_kind comparison = parser_comparison(p);
	if (comparison > LEX_NE)
		return parser_fail(p, at, "a direction is equal (=) or not (!=)");
	if (choice_read(p, words, &which))
		return -1;
	struct node *node = node_is(row->fields[which < 4 ? 0 : 1], json_string(words[which]));
	*ret_node = comparison == LEX_NE ? node_not(node) : node;
	return 0;
}

/* Who does not say it has 0, which is ingress, as in nfdump. */
int read_flowdir(struct parser *p, const struct word_row *row, struct node **ret_node)
{
	static const char *const words[] = { "ingress", "egress", "0", "1", NULL };
	size_t which;
	if (parser_equal(p))
		return -1;
	if (choice_read(p, words, &which))
		return -1;
	struct node *egress = node_is(row->fields[0], json_string("egress"));
	*ret_node = which % 2 ? egress : node_not(egress);
	return 0;
}

int read_forwarding(struct parser *p, const struct word_row *row, struct node **ret_node)
{
	static const char *const words[] = { "forwarded", "dropped", "consumed", "unknown", NULL };
	char status[80];
	long long n;
	size_t which;
	if (parser_equal(p))
		return -1;
	const struct lexeme *at = parser_peek(p);
	if (at->kind == LEX_WORD && isdigit((unsigned char)at->text[0])) {
		if (parser_number(p, 255, &n))
			return -1;
		const char *name = number_name(number_forwarding, (int)n);
		if (!name)
			return parser_fail(p, at, "no forwarding status has this number");
		snprintf(status, sizeof(status), "%s", name);
		char *reason = strchr(status, ',');
		*reason++ = '\0';
		*ret_node = node_and(node_is(row->fields[0], json_string(status)),
				     node_is(row->fields[1], json_string(reason)));
		if (n == 0)
			*ret_node = node_or(*ret_node, node_not(node_has(row->fields[0])));
		return 0;
	}
	if (choice_read(p, words, &which))
		return -1;
	*ret_node = node_is(row->fields[0], json_string(words[which]));
	return 0;
}

/* The places of labels are not kept: only whether one is in the stack. */
int read_mpls(struct parser *p, const struct word_row *row, struct node **ret_node)
{
	const struct lexeme *at = parser_next(p);
	long long n;
	if (at->kind != LEX_WORD || strcasecmp(at->text, "any") != 0)
		return parser_fail(p, at,
				   "only 'mpls any LABEL' can be asked: a document's column "
				   "of labels has no order, and no EXP bits");
	const enum lexeme_kind comparison = parser_comparison(p);
	if (parser_number(p, 0xfffff, &n))
		return -1;
	if (comparison == LEX_EQ)
		*ret_node = node_is(row->fields[0], json_integer(n));
	else
		*ret_node = node_number(row->fields[0], comparison, n);
	return 0;
}

/* Whether what comes ends a term: then nothing follows the word before it. */
static bool term_ends(const struct lexeme *at)
{
	return at->kind == LEX_END || at->kind == LEX_CLOSE || at->kind == LEX_AND ||
	       at->kind == LEX_OR;
}

/* threat, or threat NAME: a category, class, severity or feed */
int read_threat(struct parser *p, const struct word_row *row, struct node **ret_node)
{
	if (!term_ends(parser_peek(p)))
		return operand_read(p, row, ret_node);
	*ret_node = node_has(row->fields[0]);
	return 0;
}

/* observation domain id N */
int read_observation(struct parser *p, const struct word_row *row, struct node **ret_node)
{
	static const char *const things[] = { "domain", NULL };
	static const char *const ids[] = { "id", NULL };
	size_t which;
	if (parser_peek(p)->kind == LEX_WORD && strcasecmp(parser_peek(p)->text, "point") == 0)
		return parser_fail(p, parser_peek(p),
				   "nfdump's 'observation point' cannot be asked here: no document "
				   "has it");
	if (choice_read(p, things, &which) || choice_read(p, ids, &which))
		return -1;
	const struct word_row one = {
		.word = "id", .takes = TAKES_ID, .fields = { row->fields[0] }, .max = UINT32_MAX
	};
	return operand_read(p, &one, ret_node);
}

int read_payload(struct parser *p, const struct word_row *row, struct node **ret_node)
{
	static const char *const things[] = { "ja3", NULL };
	const struct lexeme *text;
	size_t which;
	if (choice_read(p, things, &which) || parser_text(p, &text))
		return -1;
	*ret_node = strcasecmp(text->text, "defined") == 0
			? node_has(row->fields[0])
			: node_is(row->fields[0], json_string(text->text));
	return 0;
}

/* The number, or the word that stands for it. */
static int event_read(struct parser *p, const struct number_name *words, long long max,
		      long long *ret_number)
{
	const char *names[16] = { NULL };
	size_t n = 0, which = 0;
	static const char *const event[] = { "event", NULL };
	if (choice_read(p, event, &which))
		return -1;
	if (parser_equal(p))
		return -1;
	if (isdigit((unsigned char)parser_peek(p)->text[0]))
		return parser_number(p, max, ret_number);
	for (; n < 15 && words[n].name; n++)
		names[n] = words[n].name;
	if (choice_read(p, names, &which))
		return -1;
	*ret_number = words[which].number;
	return 0;
}

/* asa event deny */
int read_asa(struct parser *p, const struct word_row *row, struct node **ret_node)
{
	static const struct number_name words[] = {
		{ 1, "create" }, { 2, "delete" }, { 2, "term" }, { 3, "deny" },
		{ 4, "alert" },  { 5, "update" }, { -1, NULL },
	};
	static const char *const events[] = { NULL,     "created", "deleted",
					      "denied", "alert",   "update" };
	const struct lexeme *at = parser_peek(p);
	long long n;
	if (event_read(p, words, 5, &n))
		return -1;
	if (!events[n])
		return parser_fail(p, at, "records of no event (0) cannot be told");
	*ret_node = node_is(row->fields[0], json_string(events[n]));
	return 0;
}

/* nat event add */
int read_nat(struct parser *p, const struct word_row *row, struct node **ret_node)
{
	static const struct number_name words[] = {
		{ 1, "add" }, { 1, "create" }, { 2, "delete" }, { -1, NULL }
	};
	const struct lexeme *at = parser_peek(p);
	long long n;
	if (event_read(p, words, 255, &n))
		return -1;
	const char *name = number_name(number_nat_events, (int)n);
	if (!name)
		return parser_fail(p, at, "no NAT event has this number");
	*ret_node = node_is(row->fields[0], json_string(name));
	return 0;
}

int read_true(struct parser *p, const struct word_row *row, struct node **ret_node)
{
	(void)p;
	*ret_node = node_is(row->fields[0], json_true());
	return 0;
}

int read_sampled(struct parser *p, const struct word_row *row, struct node **ret_node)
{
	(void)p;
	*ret_node = node_range(row->fields[0], json_pack("{s:i}", "gt", 1));
	return 0;
}

int read_has(struct parser *p, const struct word_row *row, struct node **ret_node)
{
	if (!term_ends(parser_peek(p)))
		return operand_read(p, row, ret_node);
	*ret_node = node_has(row->fields[0]);
	return 0;
}

int read_refused(struct parser *p, const struct word_row *row, struct node **ret_node)
{
	(void)ret_node;
	return parser_fail(p, parser_peek(p) - 1, "nfdump's '%s' cannot be asked here: %s",
			   row->word, row->fields[0]);
}
