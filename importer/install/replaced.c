/* SPDX-License-Identifier: Apache-2.0
 * Whether the pipelines and templates that all records go through are ours, or somebody's in their
 * place. */
#include "importer/install/replaced.h"

#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/names.h"
#include "importer/client/app.h"
#include "importer/client/es.h"
#include "importer/client/streams.h"
#include "importer/core/finding.h"
#include "importer/core/json.h"
#include "importer/install/install.h"
#include "importer/install/mend.h"

static bool is_in_the_way_of_records(const struct plan_item *item)
{
	return item->kind == kind_pipeline || item->kind == kind_template ||
	       strcmp(item->kind->name, "component template") == 0;
}

/* Whether an index template asks for this pipeline; others are called by those. */
static bool is_asked_for(const struct plan *p, const struct plan_item *pipeline)
{
	if (pipeline->kind != kind_pipeline)
		return false;
	for (size_t i = 0; i < p->n; i++)
		if (p->item[i].kind == kind_template &&
		    strcmp(json_text_at(p->item[i].wanted, "template." STREAMS_PIPELINE, ""),
			   pipeline->name) == 0)
			return true;
	return false;
}

void replaced_findings(const struct install *in, const struct app *app, json_t *findings)
{
	const struct plan *p = &in->plan;
	if (plan_count(p, ACTION_CREATE) == p->n)
		return; /* nothing is set up */
	for (size_t i = 0; i < p->n; i++) {
		const struct plan_item *item = &p->item[i];
		if (!is_in_the_way_of_records(item))
			continue;
		if (item->action == ACTION_FOREIGN)
			finding_add(findings, BAD,
				    "%s %s, which records go through, is not ours: rename yours, "
				    "or %s replaces it",
				    item->group, item->name, MEND(in, app, " --force"));
		else if (item->action == ACTION_DRIFTED)
			finding_add(findings, ODD,
				    "%s %s, which records go through, is ours and was changed by "
				    "hand; %s would replace it",
				    item->group, item->name, MEND(in, app, " --force"));
		else if (item->action == ACTION_CREATE && is_asked_for(p, item))
			finding_add(findings, BAD,
				    "%s %s is missing, so that every record is refused: %s writes "
				    "it again",
				    item->group, item->name, MEND(in, app, ""));
	}
}

static int check_stream(struct es *es, const char *stream, void *arg, struct err *err)
{
	const struct app *app = arg;
	char path[STREAMS_PATH], url[NAME_ROOM + 40];
	long status = 0;
	struct mark mark;
	CLEANUP_JSON json_t *simulated = NULL, *reply = NULL;
	if (es_call(es, "POST", streams_simulate_path(path, stream), NULL, &status, &simulated,
		    err))
		return -1;
	const char *name = json_text_at(simulated, "template." STREAMS_PIPELINE, "_none");
	if (status != 200 || strcmp(name, "_none") == 0)
		return 0;
	snprintf(url, sizeof(url), "%s%.200s", kind_pipeline->url, name);
	if (es_call(es, "GET", url, NULL, &status, &reply, err))
		return -1;
	const json_t *body = status == 200 ? kind_body(kind_pipeline, reply, name) : NULL;
	if (status == 404)
		return err_set(err, EF_DIFFERENT,
			       "%s: nothing is replayed: the pipeline %s is missing, so that every "
			       "record would be refused: %s writes it again",
			       es_url(es), name, ADVICE(app, "setup"));
	if (body && !kind_read_mark(kind_pipeline, body, &mark))
		return err_set(
		    err, EF_DIFFERENT,
		    "%s: nothing is replayed: the pipeline %s, which records go through, "
		    "is not ours: rename yours, or %s replaces it",
		    es_url(es), name, ADVICE(app, "setup --force"));
	return 0;
}

int replaced_check(struct es *es, const struct app *app, struct err *err)
{
	return streams_each(es, app->elastic.namespace, check_stream, (void *)app, err);
}
