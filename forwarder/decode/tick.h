/* SPDX-License-Identifier: Apache-2.0
 * The regular work: exporters' own lines, expiry; and what there is to tell of exporters. */
#ifndef EF_DECODE_TICK_H
#define EF_DECODE_TICK_H

#include "forwarder/decode/decode.h"

/* Regular work; call it about once a second. Writes the exporters' lines that are due, drops held
 * sets and forgets templates whose time has passed. `now_ms` is on the same clock as
 * received_ms. So many exporters at most are seen to that nobody waits long for it; true: there are
 * more, for the next call. */
bool decoder_tick(struct decoder *dec, uint64_t now_ms, struct sink *sink);
/* The same until there are no more: at the end. */
void decoder_finish(struct decoder *dec, uint64_t now_ms, struct sink *sink);

struct exporter_info {
	struct ip address;
	uint16_t port;   /* of one of several devices behind the address; 0: of the address */
	bool stream;     /* over TCP */
	struct ip agent; /* that sFlow names, and the sender; the address elsewhere */
	struct ip sender;
	enum protocol protocol;
	uint32_t domain;
	struct domain_counts counts; /* since the start */
	uint32_t templates;
	int64_t clock_skew_ms;  /* export time minus receive time, last datagram */
	uint32_t sampling_rate; /* 0: not known */
	uint64_t last_seen_ms;
};

/* Calls `each` for every exporter and domain, in no order; stops when it returns non-zero and
 * returns that. */
int decoder_exporters(const struct decoder *dec, int (*each)(const struct exporter_info *, void *),
		      void *arg);
/* The same for part `part` of `parts`. */
int decoder_exporters_of(const struct decoder *dec, uint32_t part, uint32_t parts,
			 int (*each)(const struct exporter_info *, void *), void *arg);

#endif
