/* SPDX-License-Identifier: Apache-2.0
 * The sources of an inventory as inventory.yml describes them: where each is asked, how often,
 * within which limits, and what it may set. */
#ifndef EF_IMPORTER_INV_SOURCE_H
#define EF_IMPORTER_INV_SOURCE_H

#include <jansson.h>
#include <stdbool.h>

#include "common/conf.h"
#include "common/err.h"
#include "importer/dictionary/dict_kind.h"

struct inv_type;

/* How SNMPv3 signs and encrypts; both end with NULL. */
extern const char *const inv_auth_words[], *const inv_priv_words[];
#define INV_PRIV_NONE 3

struct inv_source {
	char *name; /* of its folder below discovered/ */
	char *type_name;
	const struct inv_type *type;
	char *url, *file; /* one of the two, as the type wants it */
	char *token_file;
	char *header; /* the token goes into; "Authorization" */
	char *scheme; /* in front of the token, "none" for nothing */
	char *ca_file, *proxy;
	bool plain_http;      /* a token may go over http:// */
	int64_t interval;     /* ms */
	struct strlist sets;  /* dictionaries, or DICTIONARY.COLUMN; empty: all that it knows */
	struct strlist names; /* csv: the columns of a file without a first row of names */
	int64_t bytes, rows, pages, duration; /* ceilings; the last in ms */
	/* snmp */
	char *community_file;               /* v2c: a file; else v3, with the four below */
	char *user, *auth_file, *priv_file; /* files with passphrases */
	int auth, priv;                     /* into inv_auth_words, inv_priv_words */
	int interface_ids;                  /* enum snmp_ids, of devices that say nothing else */
	bool seen;                          /* also what the cluster has seen is asked */
	int64_t port, at_once, rate, retries, timeout; /* rate: requests a second; timeout: ms */
	json_t *devices;                               /* array of the user (inv_devices.h) */
	json_t *roles;   /* object of the user: role -> pattern of an alias */
	json_t *tables;  /* array: what is asked, and which rows come of it (inv_table.h) */
	json_t *columns; /* object of the user: dictionary -> column -> template */
};

struct inv_sources {
	struct inv_source *source;
	size_t n;
};

/* Reads and checks the file as a whole: EF_USAGE names the source and what is wrong. Release the
 * list in any case. */
int inv_sources_read(const char *path, struct inv_sources *ret, struct err *err);
void inv_sources_release(struct inv_sources *list);

/* NULL: no source is called so, and `err` lists those that there are. */
const struct inv_source *inv_source_find(const struct inv_sources *list, const char *name,
					 struct err *err);

/* Whether the source may fill this column; `column` NULL: any of the dictionary. */
bool inv_source_sets(const struct inv_source *s, const struct dict_kind *kind, const char *column);

#endif
