/* SPDX-License-Identifier: Apache-2.0
 * Which API keys the shipper has used, by their ids, and what the cluster acknowledged with each.
 *
 * A few at most: a key that comes in force pushes out the one that has not been for longest. Not
 * locked; the shipper's lock guards it. */
#ifndef EF_SHIP_KEYS_H
#define EF_SHIP_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/api_key.h"

#define SHIP_KEYS_MAX 8

struct ship_key {
	char id[API_KEY_ID_MAX];
	uint64_t documents; /* acknowledged: stored now or before, also as failed ones */
	bool in_force;      /* of one at most */
};

/* In the order in which they came in force. */
struct ship_keys {
	struct ship_key list[SHIP_KEYS_MAX];
	size_t n;
};

/* The key with this id is in force from now on; "": none that has one. */
void ship_keys_use(struct ship_keys *k, const char *id);

/* The id of the one in force, or "". */
const char *ship_keys_in_force(const struct ship_keys *k);

/* Counts for the key that a request was made with; nothing where it is known no more. */
void ship_keys_count(struct ship_keys *k, const char *id, uint64_t documents);

#endif
