/* SPDX-License-Identifier: Apache-2.0
 * Reads the flow datagrams out of a capture file: pcap and pcapng, link and IP headers, fragments,
 * IPFIX over TCP. */
#ifndef EF_IMPORTER_PCAP_H
#define EF_IMPORTER_PCAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/conf.h"
#include "common/err.h"
#include "common/ip.h"
#include "forwarder/decode/decode.h"
#include "importer/capture/reassembly.h"

#define CAPTURE_PORTS_MAX 32

/* A payload that looks like NetFlow, IPFIX or sFlow, as the decoder takes it, and what only a
 * capture knows. */
struct captured {
	struct datagram
	    dgram;        /* data is valid until the next call; received_ms is the capture time */
	uint64_t time_ns; /* capture time, since 1970 */
	struct ip dst;
	uint16_t dst_port;
	uint64_t connection; /* TCP: its number, from 1 on; 0: UDP */
	uint32_t place;      /* of the connection, below STREAM_SLOTS */
};

/* What was met in the file; counts of packets unless said otherwise. */
struct capture_stats {
	uint64_t packets;
	uint64_t datagrams; /* handed out */
	uint64_t other;     /* no IP, no UDP, or a payload of another protocol */
	uint64_t cut; /* captured shorter than it was (snap length); handed out as far as it goes */
	uint64_t malformed;  /* headers that contradict themselves or end too early */
	uint64_t incomplete; /* fragments whose packet never got whole, gaps in TCP connections */
};

struct capture;

/* The numbers in the option --port. EF_USAGE: one is no port, or there are too many. */
int capture_ports(const struct strlist *list, uint16_t ret_ports[CAPTURE_PORTS_MAX],
		  struct err *err);

/*
 * Opens `path` ("-" is standard input). Ethernet with any VLAN tags, Linux cooked (SLL, SLL2), raw
 * IP and BSD loopback frames are understood. With `ports` (`n_ports` of them, at most
 * CAPTURE_PORTS_MAX) every UDP payload to one of these destination ports is handed out, whatever it
 * holds; without, every payload on any port that starts like a flow protocol. Errors: EF_USAGE for
 * a file that is missing or no capture.
 */
int capture_open(const char *path, const uint16_t *ports, size_t n_ports,
		 struct capture **ret_capture, struct err *err);
void capture_free(struct capture *c);

/* When reading from an interface ends; asked before each packet, and ten times a second where none
 * come. */
struct capture_end {
	bool (*is_over)(void *arg);
	void *arg;
};

/* The same from a network interface (live.h). */
int capture_open_live(const char *interface, const uint16_t *ports, size_t n_ports,
		      const struct capture_end *end, struct capture **ret_capture, struct err *err);

/* 1 and a datagram, 0 at the end, -1 when the file breaks off (what came before is good). */
int capture_next(struct capture *c, struct captured *ret_captured, struct err *err);

/* `c`, just opened, goes on where `before` ended, as the files of one row of captures do: TCP
 * connections of that are not new ones here. */
void capture_follow(struct capture *c, struct capture *before);

/* What a decoder keeps of the connections of a row of captures; cleared before the first. */
struct capture_streams {
	uint64_t connection[STREAM_SLOTS];
	struct stream stream[STREAM_SLOTS];
};
/* What belongs into dgram.stream for `dec`, which forgets the connection that was in its place
 * before; NULL: UDP. */
struct stream *capture_stream(struct capture_streams *streams, struct decoder *dec,
			      const struct captured *c);

const struct capture_stats *capture_stats(const struct capture *c);

/* Bytes read so far and size of the file, for a progress bar; size 0 when unknown. */
void capture_progress(const struct capture *c, uint64_t *ret_read, uint64_t *ret_size);

#endif
