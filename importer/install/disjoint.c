/* SPDX-License-Identifier: Apache-2.0
 * Whether our index templates and those that stand in the cluster want the same names. */
#include "importer/install/disjoint.h"

#include <string.h>

#include "common/cleanup.h"
#include "importer/client/es.h"
#include "importer/core/json.h"
#include "importer/install/plan.h"

#define TEMPLATES    "/_index_template"
#define PATTERN_ROOM 256 /* a name of an index has at most 255 bytes */

/* Whether two patterns that begin with `a` and `b` (0: at their end) meet; `here[1]`: whether they
 * do without `b`, `next[0]`: without `a`, `next[1]`: without both. */
static bool meet_at(char a, char b, const bool *here, const bool *next)
{
	if (a == '*')
		return next[0] || (b && here[1]);
	if (b == '*')
		return here[1] || (a && next[0]);
	return a == b && (!a || next[1]);
}

/* From the ends to the beginnings. */
bool patterns_meet(const char *a, const char *b)
{
	bool here[PATTERN_ROOM + 2] = { false }, next[PATTERN_ROOM + 2] = { false };
	size_t n = strlen(b);
	if (n > PATTERN_ROOM)
		return true; /* better refused than wrong */
	for (size_t i = strlen(a) + 1; i-- > 0;) {
		for (size_t j = n + 1; j-- > 0;)
			here[j] = meet_at(a[i], b[j], here + j, next + j);
		memcpy(next, here, sizeof(next));
	}
	return next[0];
}

/* A pattern of `one` that meets one of `other`, or NULL. */
static const char *meeting(const json_t *one, const json_t *other)
{
	size_t i, j;
	json_t *a, *b;
	json_array_foreach (json_object_get(one, "index_patterns"), i, a)
		json_array_foreach (json_object_get(other, "index_patterns"), j, b)
			if (json_is_string(a) && json_is_string(b) &&
			    patterns_meet(json_string_value(a), json_string_value(b)))
				return json_string_value(a);
	return NULL;
}

/* One of ours against one of somebody else's. */
static int check_one(const struct plan_item *ours, const char *name, const json_t *theirs,
		     json_t *notes, struct err *err)
{
	long long our_priority = json_int_at(ours->wanted, "priority");
	long long priority = json_int_at(theirs, "priority");
	const char *pattern = priority < our_priority ? NULL : meeting(ours->wanted, theirs);
	if (!pattern)
		return 0;
	if (priority == our_priority)
		return err_set(err, EF_USAGE,
			       "nothing was changed: the index template %s in this cluster and our "
			       "%s both want names of %s with priority %lld; give yours another "
			       "priority or pattern",
			       name, ours->name, pattern, priority);
	return json_array_append_new(
	    notes, json_sprintf("index template %s, whose priority is higher, wins over our %s for "
				"some names of %s",
				name, ours->name, pattern));
}

int disjoint_check(struct es *es, const struct plan *plan, json_t *notes, struct err *err)
{
	size_t t;
	json_t *entry;
	struct mark mark;
	CLEANUP_JSON json_t *reply = NULL;
	if (es_find(es, TEMPLATES, &reply, err) < 0)
		return -1;
	json_array_foreach (json_object_get(reply, "index_templates"), t, entry) {
		const char *name = json_text_at(entry, "name", "");
		const json_t *body = json_object_get(entry, "index_template");
		/* a name like ours is no proof that it is */
		if (plan_has(plan, kind_template, name) ||
		    kind_read_mark(kind_template, body, &mark))
			continue;
		for (size_t i = 0; i < plan->n; i++)
			if (plan->item[i].kind == kind_template && plan->item[i].wanted &&
			    check_one(&plan->item[i], name, body, notes, err))
				return -1;
	}
	return 0;
}
