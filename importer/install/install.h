/* SPDX-License-Identifier: Apache-2.0
 * What setup, status, doctor and remove share: the cluster, the rendering for it, and the plan. */
#ifndef EF_IMPORTER_INSTALL_H
#define EF_IMPORTER_INSTALL_H

#include "importer/assets/render.h"
#include "importer/client/app.h"
#include "importer/client/probe.h"
#include "importer/dictionary/dict.h"
#include "importer/install/copy.h"
#include "importer/install/kibana.h"
#include "importer/install/plan.h"
#include "importer/record/lease.h"
#include "importer/record/record.h"

struct install {
	struct es *es;
	struct cluster cluster;
	struct dict_set *dict;
	struct render_dictionaries dictionaries;
	struct rendering rendering;
	struct plan plan;
	struct kibana kibana;
	bool has_kibana;
	char no_kibana[600];  /* why there is none, for people; "" while there is one */
	struct record record; /* what the cluster remembers, with what this run changes in it */
	struct copy copy;     /* whether it is the record of these assets; by install_plan() */
	const char *command;  /* that is going to change it, or would; NULL: this run only looks */
	struct lease *lease;  /* NULL: it is not held (yet) */
	enum document_index index; /* of the record, as a command found it */
	json_t *changes;           /* [{option, from, to}]: what it changes in words */
	json_t *lost;              /* texts: tables of the user's that it deletes */
	json_t *gone; /* names of such tables, also where nothing is going to be deleted */
	char *copies; /* folder with the user's dictionaries that are not here, or NULL */
};

/*
 * Connects, probes, and sets the options that nobody named to what the record says; renders nothing
 * yet. A record that may not be read, or cannot be used, is told in `record` and in the notes.
 * Release with install_release() also after an error.
 */
int install_open(struct install *in, struct app *app, struct err *err);

/*
 * The same for a command that is going to change the installation: it takes the lease first, unless
 * it is a dry run or `asks` somebody, and a record that may not be read is an error. With
 * `renders`, so is what cannot be used of it, and an index of its name that is somebody else's.
 */
int install_open_to_change(struct install *in, struct app *app, const char *command, bool renders,
			   bool asks, struct err *err);

/* Takes the lease once who was asked said yes, unless it is held: while somebody thinks, nobody
 * waits, and who breaks off leaves nothing behind. Fails where the record is not as it was read. */
int install_hold(struct install *in, const struct app *app, struct err *err);

/* Connects to Kibana, or says in `no_kibana` why not. install_plan() does it, too. */
int install_kibana(struct install *in, struct app *app, struct err *err);

/* Fills the plan: templates, pipelines, dictionaries, and Kibana's objects. */
int install_plan(struct install *in, struct app *app, struct err *err);

/* The same once more, after options of `app` were changed. */
int install_plan_again(struct install *in, struct app *app, struct err *err);

/* Whether anything of ours is installed, by the plan. */
bool install_is_there(const struct install *in);

/* EF_USAGE where a newer efctl wrote the record, unless --force-version. */
int install_check_version(const struct install *in, const struct app *app, struct err *err);

void install_release(struct install *in);

#define CLEANUP_INSTALL __attribute__((cleanup(install_release)))

#endif
