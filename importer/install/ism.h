/* SPDX-License-Identifier: Apache-2.0
 * OpenSearch's index state management (ISM), where the plugin is: the policy that starts new
 * indices and deletes old ones, and the indices that are to have it.
 *
 * After the published API (docs.opensearch.org, "ISM API"); no engine with the plugin was at
 * hand. */
#ifndef EF_IMPORTER_ISM_H
#define EF_IMPORTER_ISM_H

#include <jansson.h>
#include <stdbool.h>

#include "common/err.h"

struct app;
struct es;
struct install;

enum ism_state {
	ISM_NONE, /* no plugin */
	ISM_SAME,
	ISM_CREATE,
	ISM_UPDATE,
	ISM_FOREIGN, /* somebody else's policy of our name: it is kept */
};

struct ism {
	enum ism_state state;
	bool replaces; /* ISM_UPDATE: with these two numbers of the one that is there */
	long long seq_no, primary_term;
	json_t *wanted;          /* body of the policy */
	json_t *bare, *outdated; /* names of indices without any policy, and with ours as it was */
};

/* What is to be done. Release it also after an error. */
int ism_plan(const struct install *in, const struct app *app, struct ism *ret, struct err *err);
bool ism_changes(const struct ism *m);
/* A template of the policy counts for new indices only: those that are there get it one by one. */
int ism_apply(struct es *es, const struct ism *m, struct err *err);
void ism_release(struct ism *m);

/* For people: "create", …; NULL: nothing to say. */
const char *ism_word(const struct ism *m);

/* For remove: 1 when the policy of our name is there and ours, 0 when not. */
#define ISM_POLICIES "/_plugins/_ism/policies/"
int ism_find(const struct install *in, struct err *err);

#endif
