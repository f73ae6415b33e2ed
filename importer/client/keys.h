/* SPDX-License-Identifier: Apache-2.0
 * The API keys that efctl made, as the cluster has them: listed, looked up, revoked. */
#ifndef EF_IMPORTER_KEYS_H
#define EF_IMPORTER_KEYS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/api_key.h"
#include "common/err.h"

struct es;

#define KEY_NAME_MAX      128
#define KEY_NAMESPACE_MAX 101

/* What a key is called, behind the prefix of its installation: KEY_NAME_EVERY for the keys of
 * earlier versions, which may write to every namespace, else this with "-<namespace>". */
#define KEY_NAME_EVERY "efd"
#define KEY_MANAGER    "efctl" /* metadata.managed_by */

struct key {
	char id[API_KEY_ID_MAX];
	char name[KEY_NAME_MAX];
	char namespace[KEY_NAMESPACE_MAX]; /* "": all of them */
	uint64_t created_ms;               /* since 1970 */
	uint64_t expires_ms;               /* 0: never */
	bool revoked;
};

struct keys {
	struct key *list; /* by namespace, the oldest first */
	size_t n;
	bool only_own; /* the caller may not see those that others made */
};

/* Of the keys in a reply of GET /_security/api_key those that efctl made for the
 * installation `prefix` (common/names.h). Release it with keys_release(). */
void keys_read(const json_t *reply, const char *prefix, struct keys *ret);
void keys_release(struct keys *k);

/* Ours that were not revoked. */
int keys_list(struct es *es, struct keys *ret, struct err *err);

/* The same, of `namespace` alone; NULL: of all. */
int keys_of(struct es *es, const char *namespace, struct keys *ret, struct err *err);

/* One of them by its id, a revoked one, too: 1; 0: the cluster has none of ours with this id, or
 * does not say so; -1. EF_USAGE in `err` then also means that it may not be asked. */
int keys_find(struct es *es, const char *id, struct key *ret, struct err *err);

/* Ends it; by this id and no other. One that was revoked before is no error. */
int keys_revoke(struct es *es, const char *id, struct err *err);

enum key_end { KEY_ENDS_NEVER, KEY_ENDS_LATER, KEY_ENDS_SOON, KEY_ENDS_NOW, KEY_ENDED };
#define KEY_SOON_MS (14 * 86400000ull)
#define KEY_NOW_MS  (3 * 86400000ull)

/* How near the end of a key is: within KEY_SOON_MS, within KEY_NOW_MS, or over. */
enum key_end key_end(uint64_t expires_ms, uint64_t now_ms);

#endif
