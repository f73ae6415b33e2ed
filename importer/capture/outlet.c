/* SPDX-License-Identifier: Apache-2.0
 * Where replayed lines go: a file, or the shipper; on the way their times may be moved. */
#include "importer/capture/outlet.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/plain.h"
#include "common/thread.h"
#include "forwarder/ship/bulk.h"
#include "importer/capture/timeshift.h"
#include "importer/capture/patience.h"

#define ROOM_FIRST (1U << 20)
#define ROOM_MAX   (64U << 20)
#define WAITING_US 50000U

struct outlet {
	/* first: `more` finds the outlet by it. Unused when the decoder writes to `writer`
	 * directly */
	struct sink sink;
	char *room; /* room_len, and a NUL behind what is in it */
	size_t room_len;
	int64_t shift_ms;
	struct timeshift *timeshift; /* NULL: times stay */
	struct buf moved;
	FILE *file; /* NULL: shipping */
	int file_errno;
	struct shipper *shipper;
	struct patience *patience;
	struct batch_writer writer;
};

static void fail_file(struct outlet *o)
{
	if (!o->file_errno)
		o->file_errno = errno ? errno : EIO;
}

/* Lines on standard output say the same, and steer no terminal. */
static void write_lines(struct outlet *o)
{
	const char *data = o->room;
	CLEANUP_FREE char *shown = NULL;
	*o->sink.cur = '\0';
	if (o->timeshift) {
		buf_clear(&o->moved);
		if (timeshift_line(o->timeshift, o->room, (size_t)(o->sink.cur - o->room),
				   &o->moved) ||
		    buf_add(&o->moved, "", 1)) {
			errno = ENOMEM;
			fail_file(o);
			return;
		}
		data = o->moved.data;
	}
	if (o->file == stdout) {
		shown = plain_json(data);
		data = shown;
	}
	if (!data || fwrite(data, 1, strlen(data), o->file) != strlen(data))
		fail_file(o);
}

/*
 * A document's id comes from what the datagram holds. The same capture moved to another time is
 * other documents: the amount goes into the id's first digits, or a second replay --now would be
 * taken for a resend.
 */
static void move_id(struct outlet *o, char *row, enum line_kind kind)
{
	static const char digits[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	int at = o->sink.head[kind].id_at;
	uint64_t mix = (uint64_t)o->shift_ms *
		       0x9e3779b97f4a7c15U; /* spread: shifts differ in their low bits */
	for (int i = 0; at >= 0 && i < 8; i++, mix >>= 6) {
		const char *old = strchr(digits, row[at + i]);
		row[at + i] = digits[((uint64_t)(old ? old - digits : 0) ^ mix) & 63];
	}
}

/* The kind of an action row: the rows differ in the stream's name, which stands before the id. */
static enum line_kind kind_of(const struct outlet *o, const char *row)
{
	for (int k = 0; k < LINE_KINDS; k++) {
		const struct line_head *h = &o->sink.head[k];
		size_t same = h->id_at >= 0 ? (size_t)h->id_at : h->len;
		if (memcmp(row, h->text, same) == 0)
			return (enum line_kind)k;
	}
	return LINE_FLOW;
}

static void ship_lines(struct outlet *o)
{
	const char *at = o->room;
	struct bulk_item item;
	struct sink *to = &o->writer.sink;
	while (bulk_next(&at, o->sink.cur, &item)) {
		enum line_kind kind = kind_of(o, item.row);
		buf_clear(&o->moved);
		if (buf_add(&o->moved, item.row, item.row_len) || buf_add(&o->moved, "\n", 1))
			return; /* counted: records written here but never settled */
		move_id(o, o->moved.data, kind);
		if (timeshift_line(o->timeshift, item.line, item.line_len, &o->moved) ||
		    buf_add(&o->moved, "\n", 1))
			return;
		if ((size_t)(to->end - to->cur) < o->moved.len && to->more(to, o->moved.len))
			continue;
		memcpy(to->cur, o->moved.data, o->moved.len);
		to->cur += o->moved.len;
		to->lines[kind]++;
	}
}

static void drain(struct outlet *o)
{
	if (o->file)
		write_lines(o);
	else
		ship_lines(o);
	o->sink.cur = o->room;
}

static int more(struct sink *sink, size_t need)
{
	struct outlet *o = (struct outlet *)sink;
	drain(o);
	if (need > o->room_len) {
		char *room = need <= ROOM_MAX ? realloc(o->room, need + 1) : NULL;
		if (!room)
			return -1;
		o->room = room;
		o->room_len = need;
	}
	o->sink.cur = o->room;
	o->sink.end = o->room + o->room_len;
	return 0;
}

void outlet_move(struct outlet *o, int64_t shift_ms)
{
	if (!o->timeshift)
		return;
	drain(o);
	o->shift_ms = shift_ms;
	timeshift_by(o->timeshift, shift_ms);
}

static int outlet_new(int64_t limit_ms, struct outlet **ret_outlet, struct err *err)
{
	struct outlet *o = calloc(1, sizeof(*o));
	if (!o || !(o->room = malloc(ROOM_FIRST + 1))) {
		free(o);
		return err_set(err, EF_FAILED, "out of memory");
	}
	o->room_len = ROOM_FIRST;
	buf_init(&o->moved, 2U * ROOM_MAX);
	o->sink = (struct sink){ .cur = o->room, .end = o->room + ROOM_FIRST, .more = more };
	for (int k = 0; k < LINE_KINDS; k++)
		o->sink.head[k].id_at = -1;
	if (limit_ms && !(o->timeshift = timeshift_new(limit_ms))) {
		outlet_free(o);
		return err_set(err, EF_FAILED, "out of memory");
	}
	*ret_outlet = o;
	return 0;
}

int outlet_file(const char *path, int64_t limit_ms, struct outlet **ret_outlet, struct err *err)
{
	struct outlet *o;
	if (outlet_new(limit_ms, &o, err))
		return -1;
	o->file = strcmp(path, "-") == 0 ? stdout : fopen(path, "w");
	if (!o->file) {
		err_errno(err, EF_USAGE, errno, "cannot write %s", path);
		outlet_free(o);
		return -1;
	}
	*ret_outlet = o;
	return 0;
}

int outlet_ship(const struct ship_settings *ship, const struct elastic_settings *elastic,
		int64_t limit_ms, uint64_t patience_ms, struct outlet **ret_outlet, struct err *err)
{
	struct outlet *o;
	struct line_head heads[LINE_KINDS];
	if (outlet_new(limit_ms, &o, err))
		return -1;
	if (bulk_heads(elastic->prefix, elastic->namespace, ship->ids, heads, err) ||
	    !(o->shipper = shipper_new(ship, elastic, err)) ||
	    !(o->patience = patience_new(o->shipper, patience_ms, err))) {
		outlet_free(o);
		return -1;
	}
	batch_writer_init(&o->writer, shipper_pool(o->shipper), heads);
	memcpy(o->sink.head, heads, sizeof(heads));
	*ret_outlet = o;
	return 0;
}

const char *outlet_gave_up(const struct outlet *o)
{
	return patience_gave_up(o->patience);
}

struct sink *outlet_sink(struct outlet *o)
{
	return o->file || o->timeshift ? &o->sink : &o->writer.sink;
}

void outlet_flush(struct outlet *o)
{
	if (o->file || o->timeshift)
		drain(o);
	if (o->file)
		fflush(o->file);
	else
		batch_writer_tick(&o->writer, UINT64_MAX, 0);
}

void outlet_problem(struct outlet *o, char *text, size_t room)
{
	if (o->shipper)
		shipper_problem(o->shipper, text, room);
	else if (room)
		text[0] = '\0';
}

struct finishing {
	struct shipper *shipper;
	_Atomic bool done;
};

static void *finish_shipper(void *arg)
{
	struct finishing *f = arg;
	shipper_finish(f->shipper, UINT64_MAX);
	f->done = true;
	return NULL;
}

/* shipper_finish() returns only when all is settled: it runs beside us, so that somebody can say
 * how far it is. */
static void finish_and_tell(struct outlet *o, void (*waiting)(void *, const struct ship_counters *),
			    void *arg)
{
	struct finishing f = { .shipper = o->shipper };
	pthread_t thread;
	struct err ignored = ERR_NONE;
	if (!waiting || thread_start(&thread, "finish", finish_shipper, &f, &ignored) < 0) {
		finish_shipper(&f);
		return;
	}
	while (!f.done) {
		struct ship_counters now;
		shipper_get_counters(o->shipper, &now);
		waiting(arg, &now);
		usleep(WAITING_US);
	}
	pthread_join(thread, NULL);
}

int outlet_finish(struct outlet *o, void (*waiting)(void *arg, const struct ship_counters *now),
		  void *arg, struct ship_counters *ret, struct err *err)
{
	outlet_flush(o);
	if (o->shipper) {
		finish_and_tell(o, waiting, arg);
		shipper_get_counters(o->shipper, ret);
		return 0;
	}
	*ret = (struct ship_counters){ 0 };
	for (int k = 0; k < LINE_KINDS; k++)
		ret->records += o->sink.lines[k];
	if (fflush(o->file) != 0)
		fail_file(o);
	if (o->file_errno)
		return err_errno(err, EF_FAILED, o->file_errno, "the lines could not be written");
	ret->stored = ret->records;
	return 0;
}

void outlet_free(struct outlet *o)
{
	if (!o)
		return;
	if (o->file && o->file != stdout)
		fclose(o->file);
	patience_free(o->patience);
	shipper_free(o->shipper);
	timeshift_free(o->timeshift);
	buf_release(&o->moved);
	free(o->room);
	free(o);
}
