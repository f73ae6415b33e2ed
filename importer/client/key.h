/* SPDX-License-Identifier: Apache-2.0
 * The API key of efd: may add documents to the data streams of one namespace, and nothing else; and
 * the file that holds it. */
#ifndef EF_IMPORTER_KEY_H
#define EF_IMPORTER_KEY_H

#include <stdbool.h>
#include <stdint.h>

#include "common/api_key.h"
#include "common/err.h"
#include "common/options.h"
#include "importer/client/keys.h"

struct es;

/* ---- the file --------------------------------------------------------------- */

enum key_found {
	KEY_ABSENT,  /* no file, or an empty one */
	KEY_UNSEEN,  /* the file is there, but not for the caller to read */
	KEY_ODD,     /* it is a folder, a FIFO, a device: nothing is read from there */
	KEY_REFUSED, /* the cluster does not know it: another cluster's, expired, or invalidated */
	KEY_WEAK,    /* it is known, but may not write to all data streams of the namespace */
	KEY_FITS,
};

/* efd's own file: /etc/efd/api_key. The caller's to free; NULL: no memory. */
char *key_file_of_efd(void);

/* Where the key of a namespace is unless setup.key_file says it: efd's own file where that can be
 * written to, else a file in the caller's home; when none is there, but efd has one, that. Beside
 * it, with "-<namespace>" at its end, is the file that counts where it exists. The caller's to
 * free; NULL: no memory. */
char *key_file_default(const char *namespace);

/* Whether efd can read that file where it is, once its host has it: it is not one that waits in a
 * home. */
bool key_is_in_place(const char *file);

/* What is in `file`, by asking the cluster of `settings` with it. -1: no answer. */
int key_look(const struct elastic_settings *settings, const char *file, enum key_found *ret_found,
	     struct err *err);

/*
 * The same. Where it is the key of another namespace, and `named` does not say that a person chose
 * this file, *file gets the name of the file beside it that is this namespace's, and what counts is
 * what is in there: two namespaces set up from one host each have a file.
 */
int key_look_beside(const struct elastic_settings *settings, bool named, char **file,
		    enum key_found *ret_found, struct err *err);

/* The id of the key in `file`. KEY_ABSENT, KEY_UNSEEN, KEY_ODD, or KEY_FITS where there is one: ""
 * when it is none of Elasticsearch's. The cluster is not asked. */
enum key_found key_file_id(const char *file, char ret_id[API_KEY_ID_MAX]);

/* What the cluster says of the key in `file`: the key may ask for itself, else `es` does (NULL:
 * nobody). As keys_find(). */
int key_file_find(const struct elastic_settings *settings, const char *file, struct es *es,
		  struct key *ret, struct err *err);

/* Gives efd's own file the mode and group that it should have; another file is left alone. */
void key_share(const char *file);

/* What the record of the installation remembers of a key that was put into `file`. The caller's. */
json_t *key_record(const struct key *key, const char *file);

/* ---- a new one -------------------------------------------------------------- */

/* A key as the cluster gave it. The secret in it is wiped by key_new_wipe(). */
struct key_new {
	struct key key;
	char line[512]; /* what the file gets */
};

/* Fails when the user of `es` lacks the privileges that the key is to have (a key has no more than
 * who made it), and where `file` is none that it can be written to (file_is_plain()). */
int key_may_be_made(struct es *es, const char *namespace, const char *file, struct err *err);

/* Makes a key for the data streams of `namespace` that ends after `life_ms`; 0: never. */
int key_mint(struct es *es, const char *namespace, uint64_t life_ms, struct key_new *ret,
	     struct err *err);
void key_new_wipe(struct key_new *k);
#define CLEANUP_KEY_NEW __attribute__((cleanup(key_new_wipe)))

/* Writes it to `file`: mode 0600, and 0640 for the group efd where it is beside efd's own file. A
 * key that cannot be written is revoked again: nobody could use it. */
int key_keep(struct es *es, const struct key_new *k, const char *file, struct err *err);

/* The same in the place of the one that is there, with its mode, owner and group. */
int key_keep_instead(struct es *es, const struct key_new *k, const char *file, struct err *err);

/* Mints and keeps, for `life_ms` (0: for ever); with `show` it is printed to standard output, too.
 * `ret` may be NULL. */
int key_make(struct es *es, const char *namespace, const char *file, uint64_t life_ms, bool show,
	     struct key *ret, struct err *err);

/* Revokes the keys of `namespace` (NULL: all of ours), and deletes `file` when its key is one of
 * them. */
int key_remove(struct es *es, const char *namespace, const char *file, struct err *err);

#endif
