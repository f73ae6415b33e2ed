/* SPDX-License-Identifier: Apache-2.0
 * Reads the flow datagrams out of a capture file: pcap and pcapng, link and IP headers, fragments,
 * IPFIX over TCP. */
#include "importer/capture/pcap.h"

#include <pcap/pcap.h>
#include <pcap/sll.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/clock.h"
#include "forwarder/decode/core/cursor.h"
#include "importer/capture/live.h"
#include "importer/capture/reassembly.h"

struct capture {
	pcap_t *pcap;
	FILE *file; /* pcap's, asked only for its position */
	uint64_t size;
	int link;
	uint16_t ports[CAPTURE_PORTS_MAX];
	size_t n_ports;
	struct fragments *fragments;
	struct streams *streams;
	uint64_t lost_before;   /* of the streams, in captures before this one */
	struct capture_end end; /* of an interface, which has none itself */
	uint64_t over_ns;       /* when that was seen first; 0: it was not */
	uint32_t tick_ns;       /* what pcap's smallest unit is */
	bool draining;          /* the connection of the last segment may hold more messages */
	struct captured now;    /* addresses and time of the packet at hand */
	struct capture_stats stats;
};

/* What walking the headers of a packet led to. */
enum found { FOUND_PAYLOAD, FOUND_OTHER, FOUND_PARTIAL, FOUND_MALFORMED };

enum {
	IP_HOPOPT = 0,
	IP_TCP = 6,
	IP_UDP = 17,
	IP_ROUTING = 43,
	IP_FRAGMENT = 44,
	IP_AH = 51,
	IP_DSTOPTS = 60,
};
enum {
	TYPE_IPV4 = 0x0800,
	TYPE_IPV6 = 0x86dd,
	TYPE_VLAN = 0x8100,
	TYPE_QINQ = 0x88a8,
	TYPE_QINQ_OLD = 0x9100
};

/* NetFlow and IPFIX start with a 16-bit version, sFlow 5 with a 32-bit one. */
static bool looks_like_flow(const uint8_t *p, size_t len)
{
	if (len < 16)
		return false;
	if (be32(p) == 5)
		return be32(p + 4) == 1 || be32(p + 4) == 2; /* agent address is IPv4 or IPv6 */
	switch (be16(p)) {
	case 1:
	case 5:
	case 6:
	case 7:
		return len >= 24 && be16(p + 2) > 0;
	case 9:
		return len >= 20;
	case 10:
		return be16(p + 2) >= 16;
	default:
		return false;
	}
}

static bool is_wanted(const struct capture *c, const uint8_t *p, size_t len)
{
	for (size_t i = 0; i < c->n_ports; i++)
		if (c->ports[i] == c->now.dst_port)
			return true;
	return c->n_ports == 0 && looks_like_flow(p, len);
}

static enum found capture_udp(struct capture *c, struct cursor v, struct cursor *ret)
{
	const uint8_t *h = cursor_take(&v, 8);
	if (!h)
		return FOUND_MALFORMED;
	size_t len = be16(h + 4);
	if (len != 0 && len < 8) /* 0 is a jumbogram (RFC 2675): the IP header rules */
		return FOUND_MALFORMED;
	if (len != 0 && len - 8 < cursor_left(&v))
		v.end = v.p + len - 8;
	c->now.dgram.port = be16(h);
	c->now.dst_port = be16(h + 2);
	*ret = v;
	return is_wanted(c, v.p, cursor_left(&v)) ? FOUND_PAYLOAD : FOUND_OTHER;
}

/* The next IPFIX message of the TCP connection that the last segment belonged to. */
static bool next_message(struct capture *c, struct cursor *ret)
{
	struct stream_message message;
	if (!streams_next(c->streams, &message))
		return false;
	c->now.connection = message.connection;
	c->now.place = message.place;
	*ret = cursor_over(message.data, message.len);
	return true;
}

static enum found capture_tcp(struct capture *c, struct cursor v, struct cursor *ret)
{
	const uint8_t *h = cursor_take(&v, 20);
	if (!h || (size_t)(h[12] >> 4) < 5 || !cursor_take(&v, (size_t)(h[12] >> 4) * 4 - 20))
		return FOUND_MALFORMED;
	struct stream_key key;
	memset(&key, 0, sizeof(key));
	key.src = c->now.dgram.src;
	key.dst = c->now.dst;
	key.src_port = c->now.dgram.port = be16(h);
	key.dst_port = c->now.dst_port = be16(h + 2);
	bool syn = h[13] & 2, last = h[13] & (1 | 4); /* FIN, RST */
	if (cursor_left(&v) == 0 && !syn && !last)
		return FOUND_OTHER;
	streams_add(c->streams, &key, be32(h + 4), syn, last, v.p, cursor_left(&v));
	c->draining = next_message(c, ret);
	return c->draining ? FOUND_PAYLOAD : FOUND_OTHER;
}

static enum found capture_transport(struct capture *c, uint8_t protocol, struct cursor v,
				    struct cursor *ret)
{
	if (protocol == IP_UDP)
		return capture_udp(c, v, ret);
	if (protocol == IP_TCP)
		return capture_tcp(c, v, ret);
	return FOUND_OTHER;
}

/* A fragment: `where` is the offset word as IPv6 has it, units of eight bytes above the
 * more-fragments bit 0. */
static enum found fragment(struct capture *c, uint8_t version, uint8_t protocol, uint32_t id,
			   uint16_t where, struct cursor v, struct cursor *ret)
{
	struct fragment_key key;
	memset(&key, 0, sizeof(key));
	key.src = c->now.dgram.src;
	key.dst = c->now.dst;
	key.id = id;
	key.version = version;
	key.protocol = protocol;
	const uint8_t *whole;
	size_t len;
	switch (fragments_add(c->fragments, &key, c->now.time_ns, where & 0xfff8, where & 1, v.p,
			      cursor_left(&v), &whole, &len)) {
	case FRAGMENT_BAD:
		return FOUND_MALFORMED;
	case FRAGMENT_HELD:
		return FOUND_PARTIAL;
	case FRAGMENT_WHOLE:
		break;
	}
	return capture_transport(c, protocol, cursor_over(whole, len), ret);
}

static enum found ipv4(struct capture *c, struct cursor v, struct cursor *ret)
{
	size_t all = cursor_left(&v);
	const uint8_t *h = cursor_take(&v, 20);
	if (!h || h[0] >> 4 != 4)
		return FOUND_MALFORMED;
	size_t header = (size_t)(h[0] & 15) * 4, total = be16(h + 2);
	if (header < 20 || !cursor_take(&v, header - 20))
		return FOUND_MALFORMED;
	if (total >= header &&
	    total < all) /* drop Ethernet's padding; 0 is segmentation offload: take it all */
		v.end = v.p + (total - header);
	c->now.dgram.src = ip_from_v4(h + 12);
	c->now.dst = ip_from_v4(h + 16);
	uint16_t word = be16(h + 6); /* three flags, offset in units of eight bytes (RFC 791) */
	if (word & 0x3fff)
		return fragment(c, 4, h[9], be16(h + 4),
				(uint16_t)((word & 0x1fff) << 3 | (word >> 13 & 1)), v, ret);
	return capture_transport(c, h[9], v, ret);
}

static enum found ipv6(struct capture *c, struct cursor v, struct cursor *ret)
{
	const uint8_t *h = cursor_take(&v, 40);
	if (!h || h[0] >> 4 != 6)
		return FOUND_MALFORMED;
	if (be16(h + 4) != 0 && be16(h + 4) < cursor_left(&v))
		v.end = v.p + be16(h + 4);
	c->now.dgram.src = ip_from_v6(h + 8);
	c->now.dst = ip_from_v6(h + 24);
	uint8_t next = h[6];
	for (;;) { /* ends: each round takes eight bytes or more */
		size_t more;
		switch (next) {
		case IP_HOPOPT:
		case IP_ROUTING:
		case IP_DSTOPTS:
		case IP_AH:
		case IP_FRAGMENT:
			break;
		default:
			return capture_transport(c, next, v, ret);
		}
		const uint8_t *e = cursor_take(&v, 8);
		if (!e)
			return FOUND_MALFORMED;
		if (next == IP_FRAGMENT && be16(e + 2) & 0xfff9)
			return fragment(c, 6, e[0], be32(e + 4), be16(e + 2), v, ret);
		/* RFC 8200 §4.3: in units of eight bytes after the first; RFC 4302 §2.2: of four
		 * bytes, less two */
		more = next == IP_FRAGMENT ? 0
		       : next == IP_AH     ? (size_t)(e[1] + 2) * 4
					   : (size_t)e[1] * 8;
		if (next == IP_AH)
			more = more < 8 ? 0 : more - 8;
		if (!cursor_take(&v, more))
			return FOUND_MALFORMED;
		next = e[0];
	}
}

static enum found by_ethertype(struct capture *c, uint16_t type, struct cursor v,
			       struct cursor *ret)
{
	while (type == TYPE_VLAN || type == TYPE_QINQ || type == TYPE_QINQ_OLD) {
		const uint8_t *tag = cursor_take(&v, 4);
		if (!tag)
			return FOUND_MALFORMED;
		type = be16(tag + 2);
	}
	if (type == TYPE_IPV4)
		return ipv4(c, v, ret);
	if (type == TYPE_IPV6)
		return ipv6(c, v, ret);
	return FOUND_OTHER;
}

/* Links without a protocol field of their own: the IP version nibble tells. */
static enum found by_version(struct capture *c, struct cursor v, struct cursor *ret)
{
	if (cursor_left(&v) == 0)
		return FOUND_MALFORMED;
	return v.p[0] >> 4 == 4   ? ipv4(c, v, ret)
	       : v.p[0] >> 4 == 6 ? ipv6(c, v, ret)
				  : FOUND_OTHER;
}

struct link {
	int dlt;
	size_t header;  /* bytes before the IP packet */
	size_t type_at; /* where in the header the EtherType stands */
	bool has_type;
};

static const struct link links[] = {
	{ .dlt = DLT_EN10MB, .header = 14, .type_at = 12, .has_type = true },
	{ .dlt = DLT_LINUX_SLL, .header = SLL_HDR_LEN, .type_at = 14, .has_type = true },
	{ .dlt = DLT_LINUX_SLL2, .header = SLL2_HDR_LEN, .type_at = 0, .has_type = true },
	{ .dlt = DLT_NULL, .header = 4 },
	{ .dlt = DLT_LOOP, .header = 4 },
	{ .dlt = DLT_RAW },
	{ .dlt = DLT_IPV4 },
	{ .dlt = DLT_IPV6 },
};

static const struct link *link_of(int dlt)
{
	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++)
		if (links[i].dlt == dlt)
			return &links[i];
	return NULL;
}

static enum found packet(struct capture *c, struct cursor v, struct cursor *ret)
{
	const struct link *l = link_of(c->link);
	const uint8_t *h = cursor_take(&v, l->header);
	if (!h)
		return FOUND_MALFORMED;
	return l->has_type ? by_ethertype(c, be16(h + l->type_at), v, ret) : by_version(c, v, ret);
}

int capture_ports(const struct strlist *list, uint16_t ret_ports[CAPTURE_PORTS_MAX],
		  struct err *err)
{
	if (list->n > CAPTURE_PORTS_MAX)
		return err_set(err, EF_USAGE, "--port: at most %d ports", CAPTURE_PORTS_MAX);
	for (size_t i = 0; i < list->n; i++) {
		char *end;
		unsigned long port = strtoul(list->item[i], &end, 10);
		if (*end || port < 1 || port > 65535)
			return err_set(err, EF_USAGE, "--port: '%s' is no port", list->item[i]);
		ret_ports[i] = (uint16_t)port;
	}
	return 0;
}

/* Takes `pcap`. */
static int capture_make(pcap_t *pcap, const char *name, const uint16_t *ports, size_t n_ports,
			struct capture **ret_capture, struct err *err)
{
	int link = pcap_datalink(pcap);
	if (!link_of(link)) {
		const char *link_name = pcap_datalink_val_to_name(link);
		pcap_close(pcap);
		return err_set(err, EF_USAGE,
			       "%s was captured on a link of type %s (%d), which is not "
			       "understood; capture on an "
			       "Ethernet, cooked (any) or raw IP interface",
			       name, link_name ? link_name : "unknown", link);
	}
	struct capture *c = calloc(1, sizeof(*c));
	if (!c || !(c->fragments = fragments_new()) || !(c->streams = streams_new())) {
		capture_free(c);
		pcap_close(pcap);
		return err_set(err, EF_FAILED, "no memory to read %s", name);
	}
	c->pcap = pcap;
	c->link = link;
	/* where the system cannot say nanoseconds, an interface gives microseconds */
	c->tick_ns = pcap_get_tstamp_precision(pcap) == PCAP_TSTAMP_PRECISION_NANO ? 1 : 1000;
	c->n_ports = n_ports < CAPTURE_PORTS_MAX ? n_ports : CAPTURE_PORTS_MAX;
	for (size_t i = 0; i < c->n_ports; i++)
		c->ports[i] = ports[i];
	*ret_capture = c;
	return 0;
}

int capture_open(const char *path, const uint16_t *ports, size_t n_ports,
		 struct capture **ret_capture, struct err *err)
{
	char why[PCAP_ERRBUF_SIZE] = "";
	FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "rb");
	if (!file)
		return err_errno(err, EF_USAGE, errno, "cannot read %s", path);
	pcap_t *pcap =
	    pcap_fopen_offline_with_tstamp_precision(file, PCAP_TSTAMP_PRECISION_NANO, why);
	if (!pcap) {
		if (file != stdin)
			fclose(file);
		return err_set(
		    err, EF_USAGE,
		    "%s is not a capture that can be read (%s); give a pcap or pcapng file", path,
		    why);
	}
	struct capture *c;
	if (capture_make(pcap, path, ports, n_ports, &c, err))
		return -1;
	struct stat st;
	c->file = file;
	if (fstat(fileno(file), &st) == 0 && S_ISREG(st.st_mode))
		c->size = (uint64_t)st.st_size;
	*ret_capture = c;
	return 0;
}

int capture_open_live(const char *interface, const uint16_t *ports, size_t n_ports,
		      const struct capture_end *end, struct capture **ret_capture, struct err *err)
{
	pcap_t *pcap;
	if (live_open(interface, ports, n_ports, &pcap, err) ||
	    capture_make(pcap, interface, ports, n_ports, ret_capture, err))
		return -1;
	(*ret_capture)->end = *end;
	return 0;
}

void capture_free(struct capture *c)
{
	if (!c)
		return;
	if (c->pcap)
		pcap_close(c->pcap); /* closes the file too */
	fragments_free(c->fragments);
	streams_free(c->streams);
	free(c);
}

void capture_follow(struct capture *c, struct capture *before)
{
	struct streams *streams = c->streams;
	c->streams = before->streams;
	before->streams = streams;
	c->lost_before = streams_lost(c->streams);
}

struct stream *capture_stream(struct capture_streams *streams, struct decoder *dec,
			      const struct captured *c)
{
	if (!c->connection)
		return NULL;
	struct stream *stream = &streams->stream[c->place];
	if (streams->connection[c->place] != c->connection)
		decoder_stream_end(dec, stream);
	streams->connection[c->place] = c->connection;
	return stream;
}

static void count_found(struct capture *c, enum found found)
{
	c->stats.other += found == FOUND_OTHER;
	c->stats.malformed += found == FOUND_MALFORMED;
	c->stats.datagrams += found == FOUND_PAYLOAD;
	c->stats.incomplete =
	    fragments_lost(c->fragments) + streams_lost(c->streams) - c->lost_before;
}

/* Then what came before is still read: the kernel hands packets over in blocks. */
static bool capture_is_over(struct capture *c)
{
	if (!c->over_ns && c->end.is_over && c->end.is_over(c->end.arg))
		c->over_ns = clock_wall_ms() * 1000000;
	return c->over_ns != 0;
}

int capture_next(struct capture *c, struct captured *ret_captured, struct err *err)
{
	struct cursor payload = { 0 };
	if (c->draining) {
		c->draining = next_message(c, &payload);
		c->stats.datagrams += c->draining;
	}
	while (!c->draining && !payload.p) {
		struct pcap_pkthdr *h;
		const u_char *bytes;
		bool over = capture_is_over(c);
		int r = pcap_next_ex(c->pcap, &h, &bytes);
		if (r == PCAP_ERROR_BREAK || (r == 0 && !live_wait(c->pcap) && over))
			return 0;
		if (r == 0)
			continue;
		if (r != 1)
			return err_set(err, EF_FAILED,
				       "the capture breaks off after %llu packets (%s)",
				       (unsigned long long)c->stats.packets, pcap_geterr(c->pcap));
		uint64_t time_ns =
		    (uint64_t)h->ts.tv_sec * 1000000000U + (uint64_t)h->ts.tv_usec * c->tick_ns;
		if (over && time_ns > c->over_ns)
			return 0;
		c->stats.packets++;
		c->stats.cut += h->caplen < h->len;
		c->now = (struct captured){ .time_ns = time_ns };
		c->now.dgram.received_ms = c->now.time_ns / 1000000U;
		enum found found = packet(c, cursor_over(bytes, h->caplen), &payload);
		count_found(c, found);
		if (found != FOUND_PAYLOAD)
			payload = (struct cursor){ 0 };
	}
	*ret_captured = c->now;
	ret_captured->dgram.data = payload.p;
	ret_captured->dgram.len = cursor_left(&payload);
	return 1;
}

const struct capture_stats *capture_stats(const struct capture *c)
{
	return &c->stats;
}

void capture_progress(const struct capture *c, uint64_t *ret_read, uint64_t *ret_size)
{
	long at = c->size ? ftell(c->file) : 0;
	*ret_read = at > 0 ? (uint64_t)at : 0;
	*ret_size = c->size;
}
