/* SPDX-License-Identifier: Apache-2.0
 * The connection to the cluster, written once: conf.d/elasticsearch.yml, setup's own file, which
 * efd and efctl read. */
#ifndef EF_IMPORTER_CONNECTION_H
#define EF_IMPORTER_CONNECTION_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

#include "common/buf.h"
#include "common/err.h"
#include "common/options.h"

#define CONNECTION_KEY "api_key" /* of efd, in the folder of the settings: mode 0640, group efd */

enum connection_state {
	CONNECTION_NONE,   /* not to be looked at */
	CONNECTION_SAME,   /* the file says what it should */
	CONNECTION_CREATE, /* it is to be written */
	CONNECTION_UPDATE,
	CONNECTION_WRITTEN,
	/* efd is not installed here, or its folder is not the caller's to write to */
	CONNECTION_ELSEWHERE,
};

struct connection {
	enum connection_state state;
	char *path; /* of the file */
	struct buf text;
	char *ca_from; /* NULL: no CA file, or one in the folder of the settings already */
	char *ca_path; /* where it is copied to: efd may not look into homes */
	char *ca_text;
	size_t ca_len;
	char *was;          /* the namespace that the file names, where it is another one */
	bool secret;        /* a password in the proxy's URL: not to be shown */
	json_t *overridden; /* texts "FILE: option, …": who reads later and says otherwise */
};

/* Whether conf.d, or the folder that it would be made in, may be written to. */
bool connection_is_here(void);

/* The group of efd's user; (gid_t)-1: there is none. */
gid_t efd_group(void);

/* Appends the section elasticsearch: of a settings file: `elastic` where it is not the default, no
 * credentials but those in `key_path` (NULL: none). */
int connection_text(struct buf *out, const struct elastic_settings *elastic, const char *key_path,
		    struct err *err);

/* What the file should say of `elastic` and of the key in `key_file` (NULL: none), and what has to
 * be done for it. Release it also after an error. */
int connection_plan(const struct elastic_settings *elastic, const char *key_file,
		    struct connection *ret_connection, struct err *err);
int connection_write(struct connection *c, struct err *err);
void connection_release(struct connection *c);

/* The namespace that efd on this host ships to by the file, with the prefix behind it where that is
 * another one than in `elasticsearch`; the caller's. NULL: there is no file, or
 * none of that cluster that can be read. */
char *connection_namespace(const struct elastic_settings *elastic);

/* Whose connection the file says, as far as `elastic` is asked. */
enum connection_whose {
	CONNECTION_NOBODYS, /* there is no file */
	CONNECTION_UNSEEN,  /* it is not the caller's to read */
	CONNECTION_OURS,    /* of the same endpoints and the same prefix */
	CONNECTION_OTHERS,
};

/* 1: a settings file at `path` names the endpoints and the prefix of `elastic`, 0: others, -1. */
int connection_is_of(const char *path, const struct elastic_settings *elastic, struct err *err);

/* What connection_remove() goes by. `ret_path` is the caller's. */
int connection_look(const struct elastic_settings *elastic, enum connection_whose *ret_whose,
		    char **ret_path, struct err *err);

/* Takes the file away when it names the endpoints and the prefix of `elastic`: efd would not start
 * with a key that is gone. */
int connection_remove(const struct elastic_settings *elastic, struct err *err);

/* What was or would be done, what overrides it, and what is left to do by hand, for people. */
void connection_print(FILE *out, const struct connection *c);
extern const char *const connection_words[]; /* of enum connection_state */

#define CLEANUP_CONNECTION __attribute__((cleanup(connection_release)))

#endif
