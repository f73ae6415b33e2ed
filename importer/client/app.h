/* SPDX-License-Identifier: Apache-2.0
 * What every efctl command gets: settings, operands, embedded assets and the connections. */
#ifndef EF_IMPORTER_APP_H
#define EF_IMPORTER_APP_H

#include <stdbool.h>
#include <stdint.h>

#include "common/conf.h"
#include "common/options.h"

#define ILM_OURS "flow" /* our own lifecycle policy */

struct assets;
struct es;
struct settings_tables;
struct ship_settings;

enum { GEO_OFF, GEO_COUNTRY, GEO_FULL };
enum { AS_EXPORTER, AS_DATABASE };

/* `setup:` of the configuration file: what the installed templates say. */
struct setup_settings {
	char *assets;     /* directory whose files replace embedded ones */
	char *retention;  /* "30d" */
	char *ilm_policy; /* ILM_OURS, or one of the user's */
	int64_t shards;
	int64_t replicas;  /* -1: by the number of data nodes */
	char *refresh;     /* "30s" */
	int failure_store; /* on or off */
	char *failure_retention;
	int as;                 /* AS_…: whose number wins */
	int profile;            /* how much of a document is kept */
	int geo;                /* GEO_…: what the geo databases are asked for */
	int as_lookup;          /* whether the AS database is asked */
	int external_links;     /* whether values in Kibana lead to public pages */
	int leftovers;          /* keep or drop what no field holds, or keep all */
	int personal;           /* keep or drop what identifies a person */
	int64_t active_timeout; /* ms: no step of a chart of rates is shorter */
	char *key_file;         /* where the API key of efd goes */
	struct strlist
	    feeds; /* which threat feeds are on (feed_choice.h); none: as their rows say */
};

/* `dictionaries:` where the user's tables are. */
struct dictionary_settings {
	char *dir;
	struct strlist mmdb;
	char *inventory; /* the file of its sources; NULL: the usual one */
};

/* --now: times are moved so that this one's newest datagram is from now. */
enum { NOW_NO, NOW_EACH, NOW_TOGETHER }; /* no capture; every capture; the newest of all */

/* Options that only a command line has (the rows are in commands.c); all commands share this one
 * object. */
struct flags {
	bool json;
	/* capture: --from, --interface, --datagrams, and --for in ms */
	char *source, *interface;
	int64_t datagrams, during;
	bool dry_run, diff, force, yes;
	int64_t expires;  /* ms: how long a new API key is good for; 0: for ever */
	int64_t efd_wait; /* ms: how long rotate waits for efd to take it */
	bool all_expired;
	bool no_kibana, no_key, no_connection, show_key, rollover;
	bool data;
	struct strlist reset; /* options that go back to their defaults */
	int64_t wait;         /* ms: for another efctl to end */
	bool force_version;   /* over what a newer efctl installed */
	char *write;
	int64_t count;
	int64_t since; /* ms; 0: all */
	char *from, *until, *around;
	int64_t window; /* ms; 0: as when.h says */
	bool show_query, kql;
	int link;      /* enum link_place */
	int64_t limit; /* records; 0: as the format has it */
	bool all, wide;
	char *sort;
	int record_format; /* flows: enum flows_format */
	struct strlist fields;
	struct strlist port;
	struct strlist elements;
	int now;
	char *speed;
	char *to;
	int64_t give_up; /* ms: how long a replay waits while nothing is stored */
	char *efd_url;   /* NULL: the one that the packaged settings of efd mean */
	bool cost;       /* doctor: bytes by field, too */
	char *output;
	struct strlist field;
	int by;              /* top: enum measure */
	int format;          /* enum rows_format */
	bool exact;          /* every value is looked at */
	char *dimension;     /* series: what lines are of */
	int64_t watch;       /* ms between two looks; 0: one */
	char *report;        /* the file it goes to */
	int64_t lines, step; /* series: how many; ms, 0: by the time asked for */
};

struct app {
	struct elastic_settings elastic;
	struct kibana_settings kibana;
	struct log_settings log;
	struct setup_settings setup;
	struct dictionary_settings dictionaries;
	struct ship_settings *ship; /* for replay */
	struct flags flags;
	const struct settings_tables *tables; /* where all of these came from */
	struct strlist args;                  /* operands after the command's name */
	const char *command;                  /* its name */
	/* the command line's flags, for advice.h: settings that every command may need, those that
	 * dictionaries do not, and the command's own */
	struct strlist typed, typed_setup, typed_flags;
	struct strlist holders; /* files that secrets were read from */
	bool connection_hidden; /* efd's connection is in a file that the caller may not read */
	struct assets *assets;  /* embedded, overlaid by setup.assets */
};

/*
 * A command: 0 or another exit code when it did its work (EF_DIFFERENT, say), or -1 with `err`
 * filled, whose code then is the exit code. Results go to standard output, everything else to
 * standard error.
 */
typedef int command_run(struct app *app, struct err *err);

/* A connection to Elasticsearch with the settings of `app`; free with es_free(). */
int app_connect(struct app *app, struct es **ret_es, struct err *err);

#endif
