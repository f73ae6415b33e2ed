/* SPDX-License-Identifier: Apache-2.0
 * A parsed filter: a tree of conditions on fields of a document, as the filter language's words
 * come down to them. */
#ifndef EF_IMPORTER_NODE_H
#define EF_IMPORTER_NODE_H

#include <jansson.h>
#include <stdbool.h>

enum node_kind {
	NODE_ALL,    /* every record; NODE_NOT of it is none */
	NODE_AND,    /* of `kids` */
	NODE_OR,     /* of `kids` */
	NODE_NOT,    /* of its one kid */
	NODE_IS,     /* `field` has one of the values in the array `value` */
	NODE_RANGE,  /* `field` is in `value`: an object of gte, gt, lte, lt */
	NODE_HAS,    /* `field` has a value */
	NODE_LIKE,   /* `field` is as the text `value`, where * is any characters */
	NODE_SCRIPT, /* `value`: a script's source and params; `field`: one that it reads */
};

struct node {
	enum node_kind kind;
	char *field;              /* owned, or NULL */
	json_t *value;            /* owned, or NULL */
	struct node *kids, *next; /* owned */
};

/* All of them end the program where memory is short (core/memory.h), so none returns NULL. What is
 * given is taken. */
struct node *node_all(void);
struct node *node_none(void);
struct node *node_is(const char *field, json_t *one_value);
struct node *node_is_any(const char *field, json_t *values);
struct node *node_has(const char *field);
struct node *node_like(const char *field, const char *pattern);
struct node *node_range(const char *field, json_t *bounds);
struct node *node_script(const char *field, const char *source, json_t *params);
struct node *node_not(struct node *kid);
/* Either may be NULL: then it is the other one. Joins what is of the same kind into one list. */
struct node *node_and(struct node *a, struct node *b);
struct node *node_or(struct node *a, struct node *b);
void node_free(struct node *node);

/* One clause of query DSL; the caller's. */
json_t *node_query(const struct node *node);

static inline void cleanup_node_(struct node **node)
{
	node_free(*node);
}
#define CLEANUP_NODE __attribute__((cleanup(cleanup_node_)))

#endif
