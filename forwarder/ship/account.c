/* SPDX-License-Identifier: Apache-2.0
 * What a cluster made of the documents that it took, counted and told. */
#include "forwarder/ship/account.h"

#include "common/log.h"

/* The failure store of a stream keeps what it refuses where nobody looks (efctl setup switches it
 * off, if nobody wants it). */
static void count_aside(struct shipper *s, const struct bulk_verdicts *v)
{
	uint32_t aside = v->count[VERDICT_ASIDE];
	COUNT(s, store_failed, v->store_failed);
	if (!aside)
		return;
	COUNT(s, aside, aside);
	log_warn("%u documents were refused and are in the failure store of their data stream "
		 "(%s::failures, say): `efctl doctor` says why, `efctl setup` switches the store "
		 "off",
		 aside, s->lanes.lane[LANE_FIRST].name);
}

/* Somebody's wish, perhaps; so it is said once after a start or a reload, and then counted. */
static void count_discarded(struct shipper *s, const struct bulk_verdicts *v, bool told)
{
	uint32_t discarded = v->count[VERDICT_DISCARDED];
	COUNT(s, discarded, discarded);
	if (discarded && !told)
		log_warn("a pipeline dropped %u of %u documents, which are in no index now: "
			 "`efctl doctor` names it; efd_ship_documents_total{verdict=\"discarded\"} "
			 "counts them, and this is not said again",
			 discarded, v->items);
}

void account_taken(const struct sender *sender, const struct parcel *p,
		   const struct bulk_verdicts *v, uint32_t lanes)
{
	struct shipper *s = sender->s;
	uint32_t duplicates = v->count[VERDICT_DUPLICATE], stored = v->count[VERDICT_STORED];
	uint32_t discarded = v->count[VERDICT_DISCARDED];
	pthread_mutex_lock(&s->lock);
	ship_keys_count(&s->keys, sender->key_id,
			stored + duplicates + discarded + v->count[VERDICT_ASIDE]);
	for (int i = LANE_FIRST; i < LANE_OTHER; i++)
		s->lanes.lane[i].used |= lanes >> i & 1;
	bool told = s->told_discarded;
	s->told_discarded |= discarded > 0;
	pthread_mutex_unlock(&s->lock);
	count_aside(s, v);
	count_discarded(s, v, told);
	if (p->kind == PARCEL_FAILED) {
		COUNT(s, failed, stored + duplicates);
		return;
	}
	COUNT(s, stored, stored);
	COUNT(s, duplicates, duplicates);
}
