/* SPDX-License-Identifier: Apache-2.0
 * The sessions of TCP connections (RFC 7011 sections 8.1 and 10.4). */
#include "forwarder/decode/exporter/session.h"

#include <stdlib.h>

#include "common/hash.h"
#include "forwarder/decode/core/memory.h"
#include "forwarder/decode/core/problem.h"
#include "forwarder/decode/exporter/held.h"
#include "forwarder/decode/exporter/learnt.h"
#include "forwarder/decode/exporter/sequence.h"
#include "forwarder/decode/exporter/table.h"
#include "forwarder/decode/template/template.h"

static uint32_t session_hash(const struct domain *dom, const struct stream *stream)
{
	return (uint32_t)hash_mix(dom->hashed.hash, (uintptr_t)stream);
}

static struct session *session_row(struct hashed *row)
{
	return row ? ring_row(row, struct session, hashed) : NULL;
}

static struct session *session_find(const struct decoder *dec, const struct domain *dom,
				    const struct stream *stream)
{
	uint32_t hash = session_hash(dom, stream);
	struct session *s = session_row(hashed_find(&dec->exporters->sessions, hash));
	while (s && (s->domain != dom || s->stream != stream))
		s = session_row(s->hashed.next);
	return s;
}

static struct session *session_new(struct decoder *dec, struct domain *dom, struct stream *stream)
{
	if (!memory_take(dec, dom->exporter, sizeof(struct session)))
		return NULL;
	struct session *s = calloc(1, sizeof(*s));
	if (!s) {
		memory_return(dec, dom->exporter, sizeof(*s));
		return NULL;
	}
	s->domain = dom;
	s->stream = stream;
	s->hashed.hash = session_hash(dom, stream);
	s->sibling = dom->sessions;
	s->sibling_link = &dom->sessions;
	if (s->sibling)
		s->sibling->sibling_link = &s->sibling;
	dom->sessions = s;
	s->next = stream->sessions;
	s->next_link = &stream->sessions;
	if (s->next)
		s->next->next_link = &s->next;
	stream->sessions = s;
	hashed_add(&dec->exporters->sessions, &s->hashed);
	dec->counters.sessions_now++;
	return s;
}

struct session *session_get(struct decoder *dec, struct domain *dom, struct stream *stream)
{
	if (stream->last && stream->last->domain == dom)
		return stream->last;
	struct session *s = session_find(dec, dom, stream);
	if (!s)
		s = session_new(dec, dom, stream);
	if (s)
		stream->last = s;
	else
		problem_at(dec, &dec->counters.exporters_refused,
			   "no memory for another connection (decode.memory)",
			   dec->ctx.dgram ? dec->ctx.dgram->data : NULL, dom->id);
	return s;
}

void session_drop(struct decoder *dec, struct session *s)
{
	struct domain *dom = s->domain;
	held_free(dec, s);
	template_store_free(dec, s);
	learnt_end(dec, s);
	sequence_settle(dec, s, UINT64_MAX);
	hashed_remove(&dec->exporters->sessions, &s->hashed);
	*s->sibling_link = s->sibling;
	if (s->sibling)
		s->sibling->sibling_link = s->sibling_link;
	*s->next_link = s->next;
	if (s->next)
		s->next->next_link = s->next_link;
	if (s->stream->last == s)
		s->stream->last = NULL;
	memory_return(dec, dom->exporter, sizeof(*s));
	free(s);
	dec->counters.sessions_now--;
}
