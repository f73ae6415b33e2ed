/* SPDX-License-Identifier: Apache-2.0
 * Plays captures: through a decoder in this process. */
#include "importer/capture/replay.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "common/clock.h"
#include "forwarder/decode/template/field.h"
#include "forwarder/decode/tick.h"
#include "importer/capture/outlet.h"

#define PROGRESS_EVERY 256U       /* datagrams */
#define WAIT_FLUSH_NS  100000000U /* before a longer wait, send on what has gathered */
#define WAIT_MAX_NS    1e18       /* thirty years: keeps the sum below 2^64 */

static void sleep_ns(uint64_t ns)
{
	struct timespec ts = { .tv_sec = (time_t)(ns / 1000000000U),
			       .tv_nsec = (long)(ns % 1000000000U) };
	nanosleep(&ts, NULL);
}

/* When to send: capture time since the first datagram, scaled, after the start. */
struct pace {
	uint64_t start_ns, first_ns;
};

static void wait_turn(const struct replay *r, struct pace *pace, uint64_t time_ns,
		      const struct replay_calls *calls)
{
	if (r->speed <= 0)
		return;
	if (!pace->first_ns) {
		pace->first_ns = time_ns;
		pace->start_ns = clock_now_ns();
	}
	if (time_ns < pace->first_ns)
		return;
	double wait = (double)(time_ns - pace->first_ns) / r->speed;
	uint64_t due =
	    pace->start_ns + (wait < WAIT_MAX_NS ? (uint64_t)wait : (uint64_t)WAIT_MAX_NS);
	uint64_t now = clock_now_ns();
	if (due <= now)
		return;
	if (calls->before_wait && due - now > WAIT_FLUSH_NS)
		calls->before_wait(calls->arg);
	sleep_ns(due - now);
}

static void add_stats(struct capture_stats *sum, const struct capture_stats *s)
{
	sum->packets += s->packets;
	sum->datagrams += s->datagrams;
	sum->other += s->other;
	sum->cut += s->cut;
	sum->malformed += s->malformed;
	sum->incomplete += s->incomplete;
}

/* *before: the capture before this one, if any; this one then. */
static int replay_file(const struct replay *r, const char *path, struct pace *pace,
		       const struct replay_calls *calls, struct replay_totals *totals,
		       struct capture **before, struct err *err)
{
	struct capture *c;
	struct captured d;
	struct err broken = ERR_NONE;
	uint64_t read, size, n = 0;
	int result = 0, got;
	if (capture_open(path, r->ports, r->n_ports, &c, err))
		return -1;
	if (*before)
		capture_follow(c, *before);
	capture_free(*before);
	*before = c;
	while ((got = capture_next(c, &d, &broken)) == 1) {
		wait_turn(r, pace, d.time_ns, calls);
		if (!totals->first_ms || d.dgram.received_ms < totals->first_ms)
			totals->first_ms = d.dgram.received_ms;
		if (d.dgram.received_ms > totals->last_ms)
			totals->last_ms = d.dgram.received_ms;
		result = calls->each(calls->arg, &d, err);
		if (result)
			break;
		if (r->progress && n++ % PROGRESS_EVERY == 0) {
			capture_progress(c, &read, &size);
			r->progress(r->arg, read, size, totals->lines[LINE_FLOW]);
		}
	}
	if (got < 0)
		snprintf(totals->broken, sizeof(totals->broken), "%s: %.200s", path, broken.msg);
	add_stats(&totals->capture, capture_stats(c));
	if (result == REPLAY_END)
		snprintf(totals->ended, sizeof(totals->ended), "packet %" PRIu64 " of %.400s",
			 capture_stats(c)->packets, path);
	return result;
}

int replay_each(const struct replay *r, const struct replay_calls *calls,
		struct replay_totals *totals, struct err *err)
{
	struct pace pace = { 0 };
	struct capture *last = NULL;
	int result = 0;
	for (size_t i = 0; i < r->files->n && result == 0; i++) {
		if (calls->before_file)
			calls->before_file(calls->arg, i);
		if (!r->gaps)
			pace = (struct pace){ 0 };
		result = replay_file(r, r->files->item[i], &pace, calls, totals, &last, err);
	}
	capture_free(last);
	return result;
}

/* For replay_newest(): where the file at hand has its time. */
struct newest {
	uint64_t *all_ms, *at;
};

static void newest_file(void *arg, size_t file)
{
	struct newest *n = arg;
	n->at = n->all_ms + file;
	*n->at = 0;
}

static int newest_of(void *arg, const struct captured *c, struct err *err)
{
	struct newest *n = arg;
	(void)err;
	if (c->dgram.received_ms > *n->at)
		*n->at = c->dgram.received_ms;
	return 0;
}

/* A FIFO, a terminal, what a shell makes of <(command): what was read of it is gone. */
static bool is_pipe(const char *path)
{
	struct stat st;
	return stat(path, &st) == 0 && (S_ISFIFO(st.st_mode) || S_ISCHR(st.st_mode));
}

int replay_newest(const struct replay *r, uint64_t *ret_newest_ms, struct err *err)
{
	struct replay quick = *r;
	struct replay_totals ignored = { 0 };
	struct newest n = { .all_ms = ret_newest_ms };
	const struct replay_calls calls = { .each = newest_of,
					    .before_file = newest_file,
					    .arg = &n };
	for (size_t i = 0; i < r->files->n; i++) {
		const char *file = r->files->item[i];
		bool is_stdin = strcmp(file, "-") == 0;
		if (is_stdin || is_pipe(file))
			return err_set(err, EF_USAGE,
				       "%s cannot be read twice, as --now needs; give a file",
				       is_stdin ? "standard input" : file);
	}
	quick.speed = 0;
	quick.progress = NULL;
	return replay_each(&quick, &calls, &ignored, err);
}

struct decoding {
	const struct replay *replay;
	struct decoder *decoder;
	struct outlet *outlet;
	struct sink *sink;
	struct replay_totals *totals;
	uint64_t ticked_ms;
	struct capture_streams streams;
};

static int decode_one(void *arg, const struct captured *c, struct err *err)
{
	(void)err;
	struct decoding *d = arg;
	uint64_t now = c->dgram.received_ms;
	struct decode_report report;
	if (outlet_gave_up(d->outlet))
		return REPLAY_END;
	if (now > d->ticked_ms + 1000 || now + 1000 < d->ticked_ms) {
		if (d->ticked_ms)
			decoder_tick(d->decoder, now, d->sink);
		d->ticked_ms = now;
	}
	struct datagram dgram = c->dgram;
	dgram.stream = capture_stream(&d->streams, d->decoder, c);
	switch (decoder_datagram(d->decoder, &dgram, d->sink, &report)) {
	case DECODE_OK:
		break;
	case DECODE_SHORT:
	case DECODE_UNKNOWN_VERSION:
		d->totals->not_flow++;
		break;
	case DECODE_MALFORMED:
		d->totals->malformed++;
		break;
	case DECODE_REFUSED:
		d->totals->refused++;
		break;
	}
	memcpy(d->totals->lines, d->sink->lines, sizeof(d->totals->lines));
	return 0;
}

/* What the file before left in the sink has its own amount. */
static void move(void *arg, size_t file)
{
	struct decoding *d = arg;
	if (d->replay->shift_ms)
		outlet_move(d->outlet, d->replay->shift_ms[file]);
}

static void replay_flush(void *arg)
{
	struct decoding *d = arg;
	outlet_flush(d->outlet);
}

int replay_decode(const struct replay *r, struct outlet *outlet, struct replay_totals *ret_totals,
		  struct err *err)
{
	struct decode_settings settings = decode_defaults();
	struct decoding d = {
		.replay = r, .outlet = outlet, .sink = outlet_sink(outlet), .totals = ret_totals
	};
	const struct replay_calls calls = {
		.each = decode_one, .before_file = move, .before_wait = replay_flush, .arg = &d
	};
	uint64_t interval = settings.exporter_line_ms;
	/* In a file the past is at hand: templates and early data stay, however far apart its
	 * packets are. */
	settings.limits.template_ms = settings.limits.held_ms = UINT64_MAX;
	settings.limits.new_lines = UINT32_MAX;
	/* ... and an exporter whose packets have ended is not silent. */
	settings.no_silent_lines = true;
	settings.fields = fields_open(r->elements->item, r->elements->n, err);
	if (!settings.fields)
		return -1;
	d.decoder = decoder_new(&settings, err);
	if (!d.decoder)
		return -1;
	int result = replay_each(r, &calls, ret_totals, err);
	if (result == 0 &&
	    ret_totals->last_ms) /* the exporters' lines that would come with the next minute */
		decoder_finish(d.decoder, ret_totals->last_ms + interval + 1, d.sink);
	memcpy(ret_totals->lines, d.sink->lines, sizeof(ret_totals->lines));
	ret_totals->decode = *decoder_counters(d.decoder);
	ret_totals->exporters = ret_totals->decode.exporters_now;
	decoder_free(d.decoder);
	return result == REPLAY_END ? 0 : result;
}
