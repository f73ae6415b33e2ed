/* SPDX-License-Identifier: Apache-2.0
 * Which API keys the shipper has used, by their ids, and what the cluster acknowledged with
 * each. */
#include "forwarder/ship/keys.h"

#include <string.h>

static struct ship_key *key_find(struct ship_keys *k, const char *id)
{
	for (size_t i = 0; i < k->n; i++)
		if (strcmp(k->list[i].id, id) == 0)
			return &k->list[i];
	return NULL;
}

static void key_take_out(struct ship_keys *k, size_t at)
{
	memmove(&k->list[at], &k->list[at + 1], (k->n - at - 1) * sizeof(k->list[0]));
	k->n--;
}

void ship_keys_use(struct ship_keys *k, const char *id)
{
	struct ship_key now = { .in_force = true };
	const struct ship_key *known = key_find(k, id);
	for (size_t i = 0; i < k->n; i++)
		k->list[i].in_force = false;
	if (!*id)
		return;
	strncpy(now.id, id, sizeof(now.id) - 1);
	if (known) {
		now.documents = known->documents;
		key_take_out(k, (size_t)(known - k->list));
	} else if (k->n == SHIP_KEYS_MAX) {
		key_take_out(k, 0);
	}
	k->list[k->n++] = now;
}

const char *ship_keys_in_force(const struct ship_keys *k)
{
	return k->n && k->list[k->n - 1].in_force ? k->list[k->n - 1].id : "";
}

void ship_keys_count(struct ship_keys *k, const char *id, uint64_t documents)
{
	struct ship_key *key = key_find(k, id);
	if (key)
		key->documents += documents;
}
