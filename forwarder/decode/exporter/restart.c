/* SPDX-License-Identifier: Apache-2.0
 * Whether an exporter started again, and its templates, which may have another layout since. */
#include "forwarder/decode/exporter/restart.h"

#include "forwarder/decode/exporter/due.h"
#include "forwarder/decode/exporter/learnt.h"
#include "forwarder/decode/exporter/ports.h"
#include "forwarder/decode/exporter/sequence.h"
#include "forwarder/decode/template/template.h"

#define SLACK_MS  10000 /* for what a datagram takes to come here */
#define SECOND_MS 2000  /* export times are whole seconds, in the one and in the other datagram */
#define WRAP_MS   60000 /* so far an uptime that wraps may be from where it should be */
#define NEAR_ZERO 1000  /* records */
#define FAR_BACK  1000  /* records: no late datagram is so late within one second */
#define LOW_RUN   3     /* datagrams in a row */

/* 2^32 ms are over. */
static bool wrapped(uint64_t silence_ms, uint32_t before_ms, uint32_t uptime_ms)
{
	uint64_t due_ms = before_ms + silence_ms;
	int32_t off = (int32_t)(uptime_ms - (uint32_t)due_ms);
	return due_ms + WRAP_MS > UINT32_MAX && off < WRAP_MS && off > -WRAP_MS;
}

/* By the exporter's own clock; by ours where that went back too, for it has no battery. */
static bool boot_forward(const struct decoder *dec, const struct sequence *s, uint32_t uptime_ms)
{
	const struct context *ctx = &dec->ctx;
	bool back = ctx->exported_ms < s->exported_ms;
	uint64_t before_ms = back ? s->seen_ms : s->exported_ms;
	uint64_t now_ms = back ? ctx->received_ms : ctx->exported_ms;
	return now_ms + s->uptime_ms > before_ms + uptime_ms + SECOND_MS;
}

static bool uptime_began_anew(const struct decoder *dec, const struct sequence *s,
			      uint32_t uptime_ms)
{
	uint64_t silence_ms = sequence_silence_ms(dec, s);
	return uptime_ms < s->uptime_ms && uptime_ms <= silence_ms + SLACK_MS &&
	       !wrapped(silence_ms, s->uptime_ms, uptime_ms) && boot_forward(dec, s, uptime_ms);
}

/* Is the number back near 0, where numbers made sense? */
static bool is_low(const struct decoder *dec, const struct sequence *s, uint32_t seq)
{
	uint32_t back = s->last_seq - seq;
	if (seq > NEAR_ZERO || s->trust[s->unit] < 0)
		return false;
	if (s->low_run) /* the others of the run may count as the newest by now */
		return true;
	return (int32_t)back > 0 && (dec->ctx.exported_ms > s->exported_ms ||
				     (dec->ctx.exported_ms == s->exported_ms && back > FAR_BACK));
}

static void suspend(struct decoder *dec, struct domain *dom)
{
	uint32_t n = template_suspend_all(&dom->own, true);
	if (!n)
		return;
	dec->counters.templates_suspended += n;
	dom->grace_ms = dec->ctx.received_ms + RESTART_GRACE_MS;
	dom->born_ms = dom->own.sequence.exported_ms;
	due_set(dec, dom);
}

static void began_anew(struct decoder *dec, struct domain *dom)
{
	template_disown(dec, &dom->own, UINT64_MAX); /* whoever defined it, it was before */
	if (dom->learnt)                             /* its uptimes count from another time on */
		dom->learnt->init_ms = 0;
	sequence_begin_anew(dec, &dom->own);
}

static void check_number(struct decoder *dec, struct domain *dom, uint32_t seq, bool goes_on)
{
	struct sequence *s = &dom->own.sequence;
	if (goes_on || !is_low(dec, s, seq)) {
		if (!s->low_run)
			return;
		s->low_run = 0; /* no restart: what was held is due */
		template_suspend_all(&dom->own, false);
		dom->grace_ms = dom->grace_ms ? dec->ctx.received_ms : 0;
		due_set(dec, dom);
		return;
	}
	if (s->low_run == 0)
		suspend(dec, dom);
	if (++s->low_run < LOW_RUN)
		return;
	s->low_run = 0;
	began_anew(dec, dom);
}

void restart_check(struct decoder *dec, struct domain *dom, uint32_t seq, uint32_t uptime_ms)
{
	struct sequence *s = &dom->own.sequence;
	if (dom->stream || !s->started)
		return;
	bool goes_on = dom->ports && ports_goes_on(dec, dom, seq, uptime_ms);
	if (dom->protocol == PROTO_IPFIX) {
		check_number(dec, dom, seq, goes_on);
	} else if (!goes_on && uptime_ms && s->uptime_ms && uptime_began_anew(dec, s, uptime_ms)) {
		suspend(dec, dom);
		began_anew(dec, dom);
	}
}
