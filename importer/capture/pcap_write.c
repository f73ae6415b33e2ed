/* SPDX-License-Identifier: Apache-2.0
 * Writes a capture file: datagrams as packets of raw IP, so without MAC addresses. */
#include "importer/capture/pcap_write.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "forwarder/decode/core/cursor.h"

#define MAGIC_NANO   0xa1b23c4du /* pcap with nanoseconds */
#define LINKTYPE_RAW 101U        /* IPv4 or IPv6, by the version */
#define PACKET_MAX   65535U
#define SEGMENT_MAX  65000U /* bytes of a message in a TCP segment */
#define TCP_SYN      2
#define TCP_PUSH_ACK (8 | 16)

/* What is known of a TCP connection: by its place, as pcap.h says. */
struct writer_stream {
	uint64_t connection;
	uint32_t seq;
};

struct pcap_writer {
	FILE *file;
	char *path;
	bool finished;
	struct writer_stream streams[STREAM_SLOTS];
	uint8_t packet[PACKET_MAX];
};

int pcap_writer_new(const char *path, struct pcap_writer **ret, struct err *err)
{
	struct pcap_writer *w = calloc(1, sizeof(*w));
	if (!w || !(w->path = strdup(path))) {
		free(w);
		return err_set(err, EF_FAILED, "out of memory");
	}
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd >= 0 && !(w->file = fdopen(fd, "wb"))) {
		close(fd);
		unlink(path);
	}
	if (!w->file) {
		free(w->path);
		free(w);
		return errno == EEXIST ? err_set(err, EF_USAGE,
						 "%s is there, and nothing is written over; give "
						 "another name",
						 path)
				       : err_errno(err, EF_USAGE, errno, "cannot make %s", path);
	}
	const struct {
		uint32_t magic;
		uint16_t major, minor;
		uint32_t zone, digits, snap, link;
	} head = { MAGIC_NANO, 2, 4, 0, 0, PACKET_MAX, LINKTYPE_RAW };
	fwrite(&head, sizeof(head), 1, w->file);
	*ret = w;
	return 0;
}

int pcap_writer_fd(const struct pcap_writer *w)
{
	return fileno(w->file);
}

void pcap_writer_free(struct pcap_writer *w)
{
	if (!w)
		return;
	/* where root was given up its folder may be closed: then an empty file stays */
	if (!w->finished && unlink(w->path) != 0) {
		fflush(w->file);
		if (ftruncate(fileno(w->file), 0) != 0)
			unlink(w->path);
	}
	fclose(w->file);
	free(w->path);
	free(w);
}

int pcap_writer_finish(struct pcap_writer *w, struct err *err)
{
	bool written = fflush(w->file) == 0 && !ferror(w->file) && fsync(fileno(w->file)) == 0;
	if (!written)
		return err_errno(err, EF_FAILED, errno, "cannot write %s", w->path);
	w->finished = true;
	return 0;
}

/* ---- packets ---- */

static void put16(uint8_t *p, size_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static void put32(uint8_t *p, uint32_t v)
{
	put16(p, v >> 16);
	put16(p + 2, v & 0xffff);
}

/* RFC 1071, over what was added up before. */
static uint32_t add_up(uint32_t sum, const uint8_t *p, size_t len)
{
	for (size_t i = 0; i + 1 < len; i += 2)
		sum += be16(p + i);
	if (len % 2)
		sum += (uint32_t)p[len - 1] << 8;
	return sum;
}

static uint16_t fold(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

/* The IP header of `len` bytes of payload; its length. */
static size_t put_ip(uint8_t *p, const struct captured *c, uint8_t protocol, size_t len)
{
	if (ip_is_v4(&c->dgram.src) && ip_is_v4(&c->dst)) {
		static const uint8_t head[12] = { [0] = 0x45, [6] = 0x40, [8] = 64 };
		memcpy(p, head, 12);
		put16(p + 2, 20 + len);
		p[9] = protocol;
		memcpy(p + 12, c->dgram.src.b + 12, 4);
		memcpy(p + 16, c->dst.b + 12, 4);
		put16(p + 10, fold(add_up(0, p, 20)));
		return 20;
	}
	memset(p, 0, 8);
	p[0] = 0x60;
	put16(p + 4, len);
	p[6] = protocol;
	p[7] = 64;
	memcpy(p + 8, c->dgram.src.b, 16);
	memcpy(p + 24, c->dst.b, 16);
	return 40;
}

/* Over addresses, protocol and length, too (RFC 768, 8200 section 8.1, 9293); `sum_at`: where it
 * stands in the transport header. */
static void put_sum(uint8_t *packet, size_t ip, size_t len, uint8_t protocol, size_t sum_at)
{
	size_t addresses = ip == 20 ? 12 : 8;
	uint32_t sum = add_up(protocol + (uint32_t)len, packet + addresses, ip - addresses);
	uint16_t folded = fold(add_up(sum, packet + ip, len));
	/* to UDP 0 means that there is none */
	put16(packet + ip + sum_at, folded ? folded : 0xffff);
}

static int write_packet(struct pcap_writer *w, uint64_t time_ns, size_t len, struct err *err)
{
	const uint32_t head[4] = { (uint32_t)(time_ns / 1000000000U),
				   (uint32_t)(time_ns % 1000000000U), (uint32_t)len,
				   (uint32_t)len };
	if (fwrite(head, sizeof(head), 1, w->file) != 1 || fwrite(w->packet, len, 1, w->file) != 1)
		return err_errno(err, EF_FAILED, errno, "cannot write %s", w->path);
	return 0;
}

/* A datagram that no packet has room for was put together from IP fragments of that length: a few
 * bytes are cut off. */
static int write_udp(struct pcap_writer *w, const struct captured *c, struct err *err)
{
	size_t most = PACKET_MAX - 40 - 8, len = c->dgram.len < most ? c->dgram.len : most;
	size_t ip = put_ip(w->packet, c, IPPROTO_UDP, 8 + len);
	uint8_t *udp = w->packet + ip;
	put16(udp, c->dgram.port);
	put16(udp + 2, c->dst_port);
	put16(udp + 4, 8 + len);
	put16(udp + 6, 0);
	memcpy(udp + 8, c->dgram.data, len);
	put_sum(w->packet, ip, 8 + len, IPPROTO_UDP, 6);
	return write_packet(w, c->time_ns, ip + 8 + len, err);
}

static int write_segment(struct pcap_writer *w, const struct captured *c, uint32_t seq,
			 uint8_t flags, const uint8_t *data, size_t len, struct err *err)
{
	size_t ip = put_ip(w->packet, c, IPPROTO_TCP, 20 + len);
	uint8_t *tcp = w->packet + ip;
	memset(tcp, 0, 20);
	put16(tcp, c->dgram.port);
	put16(tcp + 2, c->dst_port);
	put32(tcp + 4, seq);
	tcp[12] = 5 << 4;
	tcp[13] = flags;
	put16(tcp + 14, 65535);
	memcpy(tcp + 20, data, len);
	put_sum(w->packet, ip, 20 + len, IPPROTO_TCP, 16);
	return write_packet(w, c->time_ns, ip + 20 + len, err);
}

static int write_tcp(struct pcap_writer *w, const struct captured *c, struct err *err)
{
	struct writer_stream *stream = &w->streams[c->place];
	const uint8_t *p = c->dgram.data;
	if (stream->connection != c->connection) {
		*stream = (struct writer_stream){ .connection = c->connection, .seq = 1 };
		if (write_segment(w, c, 0, TCP_SYN, p, 0, err))
			return -1;
	}
	for (size_t left = c->dgram.len; left;) {
		size_t len = left < SEGMENT_MAX ? left : SEGMENT_MAX;
		if (write_segment(w, c, stream->seq, TCP_PUSH_ACK, p, len, err))
			return -1;
		stream->seq += (uint32_t)len;
		p += len;
		left -= len;
	}
	return 0;
}

int pcap_writer_add(struct pcap_writer *w, const struct captured *c, struct err *err)
{
	return c->connection ? write_tcp(w, c, err) : write_udp(w, c, err);
}
