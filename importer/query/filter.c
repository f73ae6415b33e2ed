/* SPDX-License-Identifier: Apache-2.0
 * The filter language of efctl: nfdump's and words of our own, to a query of Elasticsearch. */
#include "importer/query/filter.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/cleanup.h"
#include "importer/core/memory.h"
#include "importer/query/field.h"
#include "importer/query/kql.h"
#include "importer/query/operand.h"
#include "importer/query/value.h"
#include "importer/query/words.h"

struct filter {
	struct node *root;
	json_t *named;
	bool foreign;
};

const char *const filter_cost_names[] = {
	[FILTER_INDEXED] = "indexed",
	[FILTER_VALUES] = "values",
	[FILTER_SCRIPT] = "script",
};

static int expression(struct parser *p, struct node **ret_node);

/* src, dst, client, …: as many as there are, and "src or dst" as one. False: they do not go
 * together. */
static bool qualifier_read(struct parser *p, unsigned *qualifiers)
{
	const struct lexeme *at = parser_peek(p);
	const unsigned bit = at->kind == LEX_WORD ? word_qualifier(at->text) : 0;
	if (!bit || *qualifiers & bit)
		return false;
	parser_next(p);
	*qualifiers |= bit;
	const struct lexeme *join = parser_peek(p);
	if (!(bit & (Q_SRC | Q_DST)) || (join->kind != LEX_AND && join->kind != LEX_OR))
		return true;
	const struct lexeme *other = join + 1;
	const unsigned both = other->kind == LEX_WORD ? word_qualifier(other->text) : 0;
	if ((both | bit) == (Q_SRC | Q_DST)) {
		*qualifiers |= both | (join->kind == LEX_AND ? Q_BOTH : 0);
		p->at += 2;
	}
	return true;
}

static int row_read(struct parser *p, const struct word_row *row, struct node **ret_node)
{
	return row->takes == TAKES_OWN ? row->read(p, row, ret_node)
				       : operand_read(p, row, ret_node);
}

/* "src or dst": the words of both. */
static int term_of_ends(struct parser *p, const char *word, unsigned qualifiers,
			struct node **ret_node)
{
	const unsigned rest = qualifiers & ~(unsigned)(Q_SRC | Q_DST | Q_BOTH);
	const struct word_row *src = word_find(word, rest | Q_SRC);
	const struct word_row *dst = word_find(word, rest | Q_DST);
	if (!src || !dst)
		return 0;
	parser_next(p);
	struct node *one = NULL, *other = NULL;
	const size_t operand = p->at;
	if (row_read(p, src, &one))
		return -1;
	p->at = operand;
	if (row_read(p, dst, &other)) {
		node_free(one);
		return -1;
	}
	*ret_node = qualifiers & Q_BOTH ? node_and(one, other) : node_or(one, other);
	return 1;
}

static int term_fail(struct parser *p, const struct lexeme *first, const char *word)
{
	const struct lexeme *at = parser_peek(p);
	char before[64];

	if (at->kind == LEX_END)
		return parser_fail(p, at, "a term is wanted here, such as 'port 53'");
	if (at->kind != LEX_WORD)
		return parser_fail(p, at, "a word is wanted here, such as 'port'");
	if (word_exists(word) && at != first) {
		snprintf(before, sizeof(before), "%.60s", first->text);
		return parser_fail(p, at, "does not go with '%s' before it", before);
	}
	if (word_exists(word))
		return parser_fail(p, at,
				   "wants something else before it; docs/asking.md has "
				   "what");
	const char *near = word_near(word);
	return near ? parser_fail(p, at, "no word of the filter language; did you mean '%s'?", near)
		    : parser_fail(p, at, "no word of the filter language");
}

static bool is_field_name(const struct lexeme *at)
{
	static const char *const top[] = { "tags", "message", "@timestamp" };
	for (size_t i = 0; i < sizeof(top) / sizeof(top[0]); i++)
		if (strcmp(at->text, top[i]) == 0)
			return true;
	return at->kind == LEX_WORD && field_can_be(at->text);
}

/* The row of the word that the parser is at, or of the one before it, which was taken for a
 * qualifier and may be a word of its own (client NAME): then the parser goes back to it. */
static const struct word_row *term_row(struct parser *p, const struct lexeme *first,
				       unsigned qualifiers)
{
	const struct lexeme *at = parser_peek(p), *before = at - 1;
	const struct word_row *row = at->kind == LEX_WORD ? word_find(at->text, qualifiers) : NULL;
	if (row || at == first)
		return row;
	const unsigned bit = word_qualifier(before->text);
	row = bit ? word_find(before->text, qualifiers & ~bit) : NULL;
	if (row)
		p->at--;
	return row;
}

/* One term, all but brackets and `not`. */
static int term(struct parser *p, struct node **ret_node)
{
	const struct lexeme *first = parser_peek(p);
	unsigned qualifiers = 0;
	while (qualifier_read(p, &qualifiers))
		;
	const struct lexeme *at = parser_peek(p);
	if ((qualifiers & (Q_SRC | Q_DST)) == (Q_SRC | Q_DST) && at->kind == LEX_WORD) {
		const int found = term_of_ends(p, at->text, qualifiers, ret_node);
		if (found)
			return found < 0 ? -1 : 0;
	}
	const struct word_row *row = term_row(p, first, qualifiers);
	if (row) {
		parser_next(p);
		return row_read(p, row, ret_node);
	}
	if (at != first || !is_field_name(at))
		return term_fail(p, first, at->text);
	parser_next(p);
	return value_read(p, at, ret_node);
}

static int factor(struct parser *p, struct node **ret_node)
{
	const struct lexeme *at = parser_peek(p);
	if (at->kind != LEX_NOT && at->kind != LEX_OPEN)
		return term(p, ret_node);
	if (++p->depth > FILTER_DEPTH_MAX)
		return parser_fail(p, at, "more than %d brackets and `not` in one another",
				   FILTER_DEPTH_MAX);
	parser_next(p);
	const bool is_not = at->kind == LEX_NOT;
	struct node *node = NULL;
	p->nots += is_not;
	if (is_not ? factor(p, &node) : expression(p, &node))
		return -1;
	p->nots -= is_not;
	p->depth--;
	if (!is_not && !parser_skip(p, LEX_CLOSE)) {
		node_free(node);
		return parser_fail(p, parser_peek(p),
				   "and, or, or the bracket that closes the one of column %zu is "
				   "wanted",
				   at->column);
	}
	*ret_node = is_not ? node_not(node) : node;
	return 0;
}

static int conjunction(struct parser *p, struct node **ret_node)
{
	CLEANUP_NODE struct node *all = NULL;
	do {
		struct node *one = NULL;
		if (factor(p, &one))
			return -1;
		all = node_and(all, one);
	} while (parser_skip(p, LEX_AND));
	*ret_node = steal_ptr(all);
	return 0;
}

static int expression(struct parser *p, struct node **ret_node)
{
	CLEANUP_NODE struct node *any = NULL;
	do {
		struct node *one = NULL;
		if (conjunction(p, &one))
			return -1;
		any = node_or(any, one);
	} while (parser_skip(p, LEX_OR));
	*ret_node = steal_ptr(any);
	return 0;
}

static int filter_root(struct parser *p, struct node **ret_root)
{
	CLEANUP_NODE struct node *root = NULL;
	if (parser_peek(p)->kind == LEX_END) {
		*ret_root = node_all();
		return 0;
	}
	if (expression(p, &root))
		return -1;
	const struct lexeme *at = parser_peek(p);
	if (at->kind == LEX_CLOSE)
		return parser_fail(p, at, "no bracket is open");
	if (at->kind != LEX_END)
		return parser_fail(p, at, "and, or, or the end of the filter is wanted");
	*ret_root = steal_ptr(root);
	return 0;
}

int filter_parse(const char *text, const json_t *types, struct filter **ret_filter, struct err *err)
{
	struct parser p = { .types = types, .err = err };
	if (!text)
		text = "";
	if (strlen(text) > FILTER_TEXT_MAX)
		return err_set(err, EF_USAGE, "the filter is longer than %d bytes",
			       FILTER_TEXT_MAX);
	if (lex(text, &p.lexemes, err))
		return -1;
	p.named = json_array();
	struct node *root = NULL;
	const int result = filter_root(&p, &root);
	lexemes_release(&p.lexemes);
	if (result) {
		json_decref(p.named);
		return -1;
	}
	struct filter *f = malloc(sizeof(*f));
	if (!f)
		memory_out();
	*f = (struct filter){ .root = root, .named = p.named, .foreign = p.foreign };
	*ret_filter = f;
	return 0;
}

int filter_parse_words(const struct strlist *words, size_t from, const json_t *types,
		       struct filter **ret_filter, struct err *err)
{
	size_t room = 1;
	for (size_t i = from; i < words->n; i++)
		room += strlen(words->item[i]) + 1;
	CLEANUP_FREE char *text = calloc(1, room);
	if (!text)
		memory_out();
	char *end = text;
	for (size_t i = from; i < words->n; i++)
		end = stpcpy(stpcpy(end, i > from ? " " : ""), words->item[i]);
	return filter_parse(text, types, ret_filter, err);
}

void filter_free(struct filter *f)
{
	if (!f)
		return;
	node_free(f->root);
	json_decref(f->named);
	free(f);
}

bool filter_is_all(const struct filter *f)
{
	return f->root->kind == NODE_ALL;
}

json_t *filter_query(const struct filter *f)
{
	return node_query(f->root);
}

int filter_kql(const struct filter *f, char **ret_text, struct err *err)
{
	return kql_of(f->root, ret_text, err);
}

static void cost_of(const struct node *node, enum filter_cost *cost, const char **field)
{
	for (const struct node *kid = node->kids; kid; kid = kid->next)
		cost_of(kid, cost, field);
	if (!node->field)
		return;
	const enum filter_cost mine =
	    node->kind == NODE_SCRIPT ? FILTER_SCRIPT : field_cost(node->field);
	if (mine > *cost || !*field) {
		*cost = mine;
		*field = node->field;
	}
}

enum filter_cost filter_cost(const struct filter *f, const char **ret_field)
{
	enum filter_cost cost = FILTER_INDEXED;
	const char *field = NULL;
	cost_of(f->root, &cost, &field);
	if (ret_field)
		*ret_field = field;
	return cost;
}

static void fields_of(const struct node *node, void (*look)(void *, const char *), void *arg)
{
	for (const struct node *kid = node->kids; kid; kid = kid->next)
		fields_of(kid, look, arg);
	if (node->field)
		look(arg, node->field);
}

void filter_fields(const struct filter *f, void (*look)(void *arg, const char *field), void *arg)
{
	fields_of(f->root, look, arg);
}

const json_t *filter_named(const struct filter *f, bool *ret_foreign)
{
	*ret_foreign = f->foreign;
	return f->named;
}
