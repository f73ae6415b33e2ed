/* SPDX-License-Identifier: Apache-2.0
 * The kinds of assets: one row each says where they live, in which order they go in, and how two of
 * them are compared. */
#ifndef EF_IMPORTER_KIND_H
#define EF_IMPORTER_KIND_H

#include <jansson.h>
#include <stdbool.h>

#include "importer/assets/canon.h"
#include "importer/client/probe.h"

struct rendering;

struct kind {
	const char *name;   /* for people */
	bool in_kibana;     /* kibana.h plans and writes it, and what follows is of the others */
	const char *folder; /* of the assets; every file in it, not below it */
	const char *last; /* the file that names others of its kind: goes in after them; or NULL */
	const char *url;  /* + name */
	/* pattern of the names that an installation without prefix may use, for listing; the names
	 * still have to be name_is_of(). */
	const char *ours;
	const char *list; /* GET answers {list: [{"name": …, item: {…}}]}; NULL: {NAME: {…}} */
	const char *item;
	const char *meta;      /* path of the object that holds _meta, "" is the root */
	enum capability needs; /* CAPABILITIES: nothing */
	/* a cluster without CAP_PIPELINE_META gets the hash at the end of the description */
	bool marks_description;
	bool
	    exact; /* the server gives back what it was given; else scalars may come back as text */
	int (*render)(struct rendering *r, const char *path, json_t **ret_json, struct err *err);
};

/* In the order of installing; removing goes the other way round. */
extern const struct kind kinds[];
extern const size_t kinds_len;
extern const struct kind *const kind_pipeline; /* dictionaries are pipelines, too */
extern const struct kind *const kind_template; /* index templates */

/* What an installed asset says about itself. */
struct mark {
	char hash[CANON_HASH_MAX];   /* of what was installed */
	char stored[CANON_HASH_MAX]; /* of what the server made of it, when that differs; else "" */
};

/* The comparable form: without the mark and without what servers add; the caller's. */
json_t *kind_canonical(const struct kind *kind, const json_t *body);

/* The same for people: values with the types that they have, settings as objects within objects and
 * as text, as servers keep them. The caller's. */
json_t *kind_readable(const struct kind *kind, const json_t *body);
void kind_hash(const struct kind *kind, const json_t *body, char ret_hash[CANON_HASH_MAX]);

/* Stands in place of `stored` until that is known: of what an interrupted setup wrote. */
#define MARK_PENDING "?"

/* Whether an asset with this mark is as we left it: `found_hash` is of what is there. */
bool kind_untouched(const struct mark *mark, const char *found_hash);

/* False when there is none: not ours. */
bool kind_read_mark(const struct kind *kind, const json_t *body, struct mark *ret_mark);

/* Writes the mark into the body, in the way that the cluster understands. */
void kind_write_mark(const struct kind *kind, const struct cluster *cluster, json_t *body,
		     const struct mark *mark);

/* The body of `name` in the reply to GET, borrowed, or NULL. */
json_t *kind_body(const struct kind *kind, const json_t *reply, const char *name);

/* Whether the user owns it: created once, never compared, never overwritten. */
bool kind_is_yours(const char *name);

#endif
