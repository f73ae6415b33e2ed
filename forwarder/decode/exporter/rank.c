/* SPDX-License-Identifier: Apache-2.0
 * Who makes room when the table of domains or the memory is full. */
#include "forwarder/decode/exporter/rank.h"

#include "forwarder/decode/exporter/exporter.h"
#include "forwarder/decode/exporter/table.h"

#define SILENT_MS 60000   /* so long a known one with nothing learnt was not heard that goes … */
#define LONG_MS   3600000 /* … and one with templates or names */
#define TRIES     32      /* of those that come first */

static struct ring *ring_of(struct decoder *dec, unsigned rank)
{
	return &dec->exporters->ranks[rank];
}

static void rank_set(struct decoder *dec, struct domain *dom, unsigned rank)
{
	dom->rank_of = (uint8_t)rank;
	dom->ranked_ms = dom->last_seen_ms;
	ring_leave(&dom->rank);
	ring_append(ring_of(dec, rank), &dom->rank);
}

void rank_begin(struct decoder *dec, struct domain *dom)
{
	ring_init(&dom->rank);
	dom->made_ms = dec->ctx.dgram ? dec->ctx.dgram->received_ms : 0;
	rank_set(dec, dom, RANK_UNHEARD);
}

void rank_restore(struct decoder *dec, struct domain *dom, enum rank rank)
{
	if (rank < RANKS)
		rank_set(dec, dom, rank);
}

static unsigned earned(const struct domain *dom)
{
	if (dom->rank_of == RANK_KNOWN)
		return RANK_KNOWN;
	if (!dom->now.records && !dom->now.options_records && dom->protocol != PROTO_SFLOW5)
		return dom->rank_of;
	return dom->last_seen_ms >= dom->made_ms + RANK_MS ? RANK_KNOWN : RANK_NEW;
}

void rank_renew(struct decoder *dec, struct domain *dom)
{
	unsigned rank = earned(dom);
	if (rank != dom->rank_of)
		rank_set(dec, dom, rank);
}

/* Not he for whom there is to be room, nor whose datagram is at hand. */
static bool is_spared(const struct decoder *dec, const struct domain *dom,
		      const struct exporter *exporter)
{
	const struct exporter_table *table = dec->exporters;
	const struct domain *at_hand = dec->ctx.domain;
	const struct exporter *root = dom->exporter->root, *sender = dom->sender;
	if (exporter && (root == exporter->root || sender == exporter->root))
		return true;
	if (at_hand && (root == at_hand->exporter->root || root == at_hand->sender ||
			sender == at_hand->sender || sender == at_hand->exporter->root))
		return true;
	return table->sender && (ip_equal(&root->address, table->sender) ||
				 ip_equal(&root->address, table->exporter) ||
				 ip_equal(&sender->address, table->sender) ||
				 ip_equal(&sender->address, table->exporter));
}

static bool is_silent(const struct domain *dom, uint64_t now_ms)
{
	bool learnt = dom->learnt || dom->templates > 0;
	return dom->last_seen_ms + (learnt ? LONG_MS : SILENT_MS) < now_ms;
}

/* The first of a rank that may go. Who has earned another place gets it, who was heard since he got
 * this one goes to its end. */
static struct domain *rank_first(struct decoder *dec, unsigned rank,
				 const struct exporter *exporter, uint64_t now_ms)
{
	struct ring *head = ring_of(dec, rank);
	for (unsigned i = 0; i < TRIES && !ring_empty(head); i++) {
		struct domain *dom = ring_row(head->after, struct domain, rank);
		dec->work.steps++;
		if (earned(dom) != rank)
			rank_renew(dec, dom);
		else if (is_spared(dec, dom, exporter) ||
			 (rank == RANK_KNOWN && !is_silent(dom, now_ms)))
			rank_set(dec, dom, rank);
		else
			return dom;
	}
	return NULL;
}

bool rank_evict(struct decoder *dec, uint64_t now_ms)
{
	for (unsigned rank = 0; rank < RANKS; rank++) {
		struct domain *dom = rank_first(dec, rank, NULL, now_ms);
		if (!dom)
			continue;
		dec->counters.exporters_evicted++;
		domain_drop(dec, dom);
		return true;
	}
	return false;
}

bool rank_make_room(struct decoder *dec, const struct exporter *exporter, size_t bytes)
{
	uint64_t all = dec->settings.limits.memory;
	for (unsigned i = 0; i < TRIES && dec->counters.memory_now + bytes > all; i++) {
		struct domain *dom = rank_first(dec, RANK_UNHEARD, exporter, 0);
		if (!dom)
			dom = rank_first(dec, RANK_NEW, exporter, 0);
		if (!dom)
			return false;
		dec->counters.exporters_evicted++;
		domain_drop(dec, dom);
	}
	return dec->counters.memory_now + bytes <= all;
}
