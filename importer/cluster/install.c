/* SPDX-License-Identifier: Apache-2.0
 * What setup, status, doctor and remove share: the cluster, the rendering for it, and the plan. */
#include "importer/cluster/install.h"

#include <string.h>

#include "common/cleanup.h"
#include "importer/dictionary/dict_app.h"
#include "importer/cluster/es.h"
#include "importer/settings.h"

/* The variables for this cluster: where the user leaves the choice to us, it is made here. */
static json_t *variables(const struct app *app, const struct cluster *cluster)
{
	json_t *v = settings_variables(app);
	if (app->setup.replicas < 0)
		json_object_set_new(v, "replicas", json_integer(cluster->data_nodes > 1 ? 1 : 0));
	return v;
}

int install_open(struct install *in, struct app *app, struct err *err)
{
	*in = (struct install){ 0 };
	if (app_connect(app, &in->es, err) || cluster_probe(in->es, &in->cluster, err))
		return -1;
	if (dict_open(app, &in->dict, err))
		return -1;
	dict_set_render(in->dict, &in->dictionaries);
	in->rendering = (struct rendering){
		.assets = app->assets,
		.cluster = &in->cluster,
		.dictionaries = &in->dictionaries,
		.variables = variables(app, &in->cluster),
		.notes = json_array(),
	};
	return 0;
}

int install_kibana(struct install *in, struct app *app, struct err *err)
{
	if (app->flags.no_kibana)
		in->no_kibana = "--no-kibana";
	else if (!app->kibana.url)
		in->no_kibana = "kibana.url is not set (--kibana-url http://127.0.0.1:5601)";
	else if (in->cluster.distribution == OPENSEARCH)
		in->no_kibana = "they are for Kibana, which does not work with OpenSearch";
	if (in->no_kibana)
		return 0;
	if (kibana_open(&in->kibana, app, in->es, err))
		return -1;
	in->has_kibana = true;
	return 0;
}

/* A dictionary too large for `flow` lives in pipelines of its own: assets like the others. */
static int plan_dictionary(void *arg, const char *id, json_t *body, struct err *err)
{
	struct install *in = arg;
	return plan_one(&in->plan, in->es, kind_pipeline, id, json_incref(body), err);
}

int install_plan(struct install *in, struct app *app, struct err *err)
{
	if (dict_pipelines(in->dict, plan_dictionary, in, err) ||
	    plan_make(&in->plan, in->es, &in->rendering, err) || install_kibana(in, app, err))
		return -1;
	return in->has_kibana ? kibana_plan(&in->kibana, app, &in->plan, err) : 0;
}

void install_release(struct install *in)
{
	plan_release(&in->plan);
	json_decref(in->rendering.variables);
	json_decref(in->rendering.notes);
	cluster_release(&in->cluster);
	dict_set_free(in->dict);
	kibana_release(&in->kibana);
	es_free(in->es);
}
