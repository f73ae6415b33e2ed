/* SPDX-License-Identifier: Apache-2.0
 * Plays captures: through a decoder in this process, or as datagrams to a running efd. */
#ifndef EF_IMPORTER_REPLAY_H
#define EF_IMPORTER_REPLAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/conf.h"
#include "common/err.h"
#include "forwarder/decode/decode.h"
#include "importer/capture/pcap.h"

struct outlet;

struct replay {
	const struct strlist *files;
	const uint16_t *ports; /* none: by the look of the payload */
	size_t n_ports;
	const struct strlist *elements; /* CSV files of the user for fields_open() */
	const int64_t *shift_ms;        /* of each file: how far its times are moved; NULL: not */
	double speed;                   /* 1: as captured; 0: as fast as it goes */
	bool gaps; /* the time between two files passes, too; else each begins when the one before
		      ends */
	/* Told now and then, for a progress line: file bytes read and in all (0: unknown), records
	 * so far. May be NULL. */
	void (*progress)(void *arg, uint64_t read, uint64_t size, uint64_t records);
	void *arg;
};

struct replay_totals {
	struct capture_stats capture;
	struct decode_counters decode; /* when decoding */
	/* datagrams whose version is no protocol of ours, or that are shorter than a header */
	uint64_t not_flow;
	uint64_t malformed; /* datagrams with something wrong in them */
	uint64_t refused;
	uint64_t lines[LINE_KINDS];
	uint64_t exporters; /* exporter addresses and domains seen */
	uint64_t first_ms, last_ms;
	char broken[256]; /* a capture that breaks off: why; "" otherwise */
	char ended[512];  /* where reading ended, because the outlet gave up; "": it did not */
};

/* The newest capture time in each file, 0 when it has no datagram. Standard input cannot be looked
 * at in advance. */
int replay_newest(const struct replay *r, uint64_t *ret_newest_ms, struct err *err);

/* Decodes into `outlet`, with the exporters' addresses and the times of the capture. */
int replay_decode(const struct replay *r, struct outlet *outlet, struct replay_totals *ret_totals,
		  struct err *err);

#define REPLAY_END 1

/* Who listens to a replay. */
struct replay_calls {
	/* 0, REPLAY_END to end here, or -1 with `err` */
	int (*each)(void *arg, const struct captured *c, struct err *err);
	void (*before_file)(void *arg, size_t file); /* its number in `files`; may be NULL */
	void (*before_wait)(void *arg);              /* may be NULL */
	void *arg;
};

/* The loop behind both: calls `each` for every datagram, waiting as `speed` says. */
/* Returns what `each` did. */
int replay_each(const struct replay *r, const struct replay_calls *calls,
		struct replay_totals *totals, struct err *err);

#endif
