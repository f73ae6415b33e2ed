/* SPDX-License-Identifier: Apache-2.0
 * What every efctl command gets: settings, operands, embedded assets and the connections. */
#ifndef EF_IMPORTER_APP_H
#define EF_IMPORTER_APP_H

#include <stdbool.h>
#include <stdint.h>

#include "common/conf.h"
#include "common/options.h"
#include "forwarder/ship/options.h"

struct assets;
struct es;

/* `setup:` of the configuration file: what the installed templates say. */
struct setup_settings {
	char *assets;    /* directory whose files replace embedded ones */
	char *retention; /* "30d" */
	int64_t shards;
	int64_t replicas; /* -1: by the number of data nodes */
	char *refresh;    /* "30s" */
	int as;           /* whose AS number wins */
	int leftovers;    /* keep or drop what no field holds, or keep all */
	char *key_file;   /* where the API key of efd goes */
};

/* `dictionaries:` where the user's tables are. */
struct dictionary_settings {
	char *dir;
	struct strlist mmdb;
};

/* Options that only a command line has (the rows are in commands.c); all commands share this one object. */
struct flags {
	bool json;
	bool dry_run, force, yes;
	bool no_kibana, no_key, show_key, rollover;
	bool data;
	char *write;
	int64_t count;
	int64_t since; /* ms; 0: all */
	struct strlist port;
	struct strlist elements;
	bool now;
	char *speed;
	char *to;
	char *output;
	struct strlist field;
};

struct app {
	struct elastic_settings elastic;
	struct kibana_settings kibana;
	struct log_settings log;
	struct setup_settings setup;
	struct dictionary_settings dictionaries;
	struct ship_settings ship;
	struct flags flags;
	struct strlist args;   /* operands after the command's name */
	struct assets *assets; /* embedded, overlaid by setup.assets */
};

/*
 * A command: 0 or another exit code when it did its work (EF_DIFFERENT, say), or -1 with `err` filled, whose code then
 * is the exit code. Results go to standard output, everything else to standard error.
 */
typedef int command_run(struct app *app, struct err *err);

/* A connection to Elasticsearch with the settings of `app`; free with es_free(). */
int app_connect(struct app *app, struct es **ret_es, struct err *err);

#endif
