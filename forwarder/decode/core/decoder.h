/* SPDX-License-Identifier: Apache-2.0
 * What the layers of the decoder share: the decoder itself and the datagram at hand. Nobody outside
 * forwarder/decode includes it.
 *
 * A template, set or record of "meta" is what the standards call an options template, set or
 * record: it tells of the exporter, not of flows. What comes of it is "learnt"; counters, limits
 * and lines call it "options", as exporters' manuals do. */
#ifndef EF_DECODE_DECODER_H
#define EF_DECODE_DECODER_H

#include "common/jsonw.h"
#include "forwarder/decode/core/counters.h"
#include "forwarder/decode/core/datagram.h"
#include "forwarder/decode/core/domain.h"
#include "forwarder/decode/core/report.h"
#include "forwarder/decode/core/settings.h"
#include "forwarder/decode/core/work.h"

#define FLOW_TEXT_MAX (DOMAIN_HEAD_MAX + 80)

/* The datagram at hand. */
struct context {
	const struct datagram *dgram;
	struct domain *domain;
	struct session *session; /* of the domain */
	uint16_t port;           /* source port */
	uint64_t port_bit; /* of the port among those of the domain (exporter/device.h); 0: none */
	uint64_t exported_ms; /* header time; the receive time where there is none */
	uint64_t received_ms;
	int64_t clock_offset_ms; /* to be taken off what the exporter says of times */
	uint32_t seq;
	uint32_t uptime_ms; /* of the exporter at exported_ms */
	bool has_uptime;
	uint32_t records;      /* flows and meta records so far */
	uint32_t meta_records; /* of them */
	/* `"flow":{"type":"…","exporter":"…","port":…,"domain":…,"seq":` then comes the number,
	 * then the tail `,"exported":…,"received":…` then what the protocol adds, then `}` */
	char head[FLOW_TEXT_MAX], tail[128];
	uint16_t head_len, tail_len;
	uint64_t content; /* hash of the datagram's bytes: for ids, and to know it again */
	char id[16];      /* document id without its last three characters */
	uint16_t index;   /* lines written for this datagram: the rest of the id */
	bool with_id;
};

/* The ends of a list, oldest first. */
struct held_set;
struct held_ends {
	struct held_set *first, *last;
};

struct decoder {
	struct decode_settings settings;
	struct fields *fields;
	struct decode_counters counters;
	struct decode_report
	    *report; /* of the datagram at hand, the caller's; NULL: there is none */
	struct context ctx;
	struct exporter_table *exporters;
	struct record_scratch *scratch;
	struct compiler *compiler;
	struct template *netflow5[4]; /* constant templates of versions 1, 5, 6, 7 */
	struct jsonw_times times;
	struct held_ends held; /* sets that wait for their template: exporter/held.h */
	uint64_t held_bytes;
	struct decode_work work;
	/* The lines of the datagram at hand: since where they are not counted yet, up to where they
	 * may go (line/ceiling.h). */
	const char *out_start, *out_end;
	bool out_free; /* without a ceiling: lines of a tick */
	/* Others go until so many bytes fit under the ceiling of the memory; false: they do not. */
	bool (*make_room)(struct decoder *dec, const struct exporter *exporter, size_t bytes);
	uint32_t descriptions; /* of elements, by all exporters */
	uint64_t
	    new_lines_ms; /* since when new_lines are counted: lines of exporters that are new */
	uint32_t new_lines;
	bool with_ids; /* the sink wants document ids */
};

#endif
