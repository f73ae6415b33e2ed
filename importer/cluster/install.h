/* SPDX-License-Identifier: Apache-2.0
 * What setup, status, doctor and remove share: the cluster, the rendering for it, and the plan. */
#ifndef EF_IMPORTER_INSTALL_H
#define EF_IMPORTER_INSTALL_H

#include "importer/app.h"
#include "importer/dictionary/dict.h"
#include "importer/cluster/kibana.h"
#include "importer/cluster/plan.h"
#include "importer/cluster/probe.h"
#include "importer/assets/render.h"

struct install {
	struct es *es;
	struct cluster cluster;
	struct dict_set *dict;
	struct render_dictionaries dictionaries;
	struct rendering rendering;
	struct plan plan;
	struct kibana kibana;
	bool has_kibana;
	const char *no_kibana; /* why there is none, for people */
};

/* Connects and probes; renders nothing yet. Release with install_release() also after an error. */
int install_open(struct install *in, struct app *app, struct err *err);

/* Connects to Kibana, or says in `no_kibana` why not. install_plan() does it, too. */
int install_kibana(struct install *in, struct app *app, struct err *err);

/* Fills the plan: templates, pipelines, dictionaries, and Kibana's objects. */
int install_plan(struct install *in, struct app *app, struct err *err);

void install_release(struct install *in);

#define CLEANUP_INSTALL __attribute__((cleanup(install_release)))

#endif
