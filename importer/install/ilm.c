/* SPDX-License-Identifier: Apache-2.0
 * The lifecycle policy that the templates name: ours, or one of the user's, which is never
 * written. */
#include "importer/install/ilm.h"

#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/names.h"
#include "importer/client/advice.h"
#include "importer/client/es.h"
#include "importer/client/settings.h"
#include "importer/client/streams.h"
#include "importer/core/finding.h"
#include "importer/core/json.h"
#include "importer/install/install.h"

bool ilm_is_yours(const char *prefix, const char *policy)
{
	return policy && strcmp(policy, ILM_OURS) != 0 &&
	       strcmp(policy, NAME(prefix, ILM_OURS)) != 0;
}

static int policy_find(struct es *es, const char *policy, struct err *err)
{
	char path[400];
	CLEANUP_JSON json_t *reply = NULL;

	snprintf(path, sizeof(path), "/_ilm/policy/%s", policy);
	return es_find(es, path, &reply, err);
}

int ilm_check(struct install *in, const struct app *app, struct err *err)
{
	const char *policy = app->setup.ilm_policy;

	if (!in->cluster.has[CAP_ILM] && !in->cluster.has[CAP_DSL] && !in->cluster.has[CAP_ISM])
		render_note(
		    &in->rendering,
		    "nothing deletes old indices: this cluster has neither ILM nor data "
		    "stream lifecycle%s, and setup.retention does not count. A job of yours "
		    "has to: POST /%s-%s/_rollover starts a new index, DELETE of "
		    "a backing index that GET /_data_stream lists before the last takes an "
		    "old one away",
		    in->cluster.distribution == OPENSEARCH
			? " nor the plugin index management (ISM)"
			: "",
		    NAME(app->elastic.prefix, stream_rows[0].name), app->elastic.namespace);
	if (!ilm_is_yours(app->elastic.prefix, policy))
		return 0;
	if (!in->cluster.has[CAP_ILM])
		return err_set(err, EF_USAGE,
			       "setup.ilm_policy: %s has no lifecycle policies (ILM): leave the "
			       "option out, and setup.retention says how long records are kept",
			       cluster_product(&in->cluster));
	if (settings_named(app, "setup.retention"))
		return err_set(err, EF_USAGE,
			       "setup.retention and setup.ilm_policy: how long records are kept is "
			       "what your policy %s says, and setup does not write it: name one of "
			       "the two",
			       policy);
	int there = policy_find(in->es, policy, err);
	if (there < 0)
		return -1;
	if (!there)
		return err_set(
		    err, EF_USAGE,
		    "setup.ilm_policy: the cluster has no lifecycle policy '%s': make it "
		    "first (GET _ilm/policy lists those that there are)",
		    policy);
	render_note(
	    &in->rendering,
	    "lifecycle policy %s is yours: setup does not write it, and setup.retention does "
	    "not count. New indices get it; those that are there keep the one they have",
	    policy);
	return 0;
}

int ilm_findings(struct es *es, const struct app *app, json_t *findings, struct err *err)
{
	char path[NAME_ROOM + 40];
	long status = 0;
	CLEANUP_JSON json_t *reply = NULL;

	(void)app;
	snprintf(path, sizeof(path), "/_component_template/%s",
		 NAME(es_prefix(es), "flow@lifecycle"));
	if (es_call(es, "GET", path, NULL, &status, &reply, err))
		return -1;
	const char *policy =
	    json_text_at(json_array_get(json_object_get(reply, "component_templates"), 0),
			 "component_template.template.settings.index.lifecycle.name", NULL);
	if (status != 200 ||
	    !ilm_is_yours(es_prefix(es), policy)) /* none; and ours is in the plan */
		return 0;
	int there = policy_find(es, policy, err);
	if (there < 0)
		return -1;
	if (there)
		finding_add(findings, FINE, "lifecycle policy %s is yours, and there", policy);
	else
		finding_add(findings, BAD,
			    "lifecycle policy %s, which our templates name (setup.ilm_policy), is "
			    "not there: new indices are kept for ever. Make it, or %s goes back to "
			    "ours",
			    policy, ADVICE(app, "setup --ilm-policy " ILM_OURS));
	return 0;
}
