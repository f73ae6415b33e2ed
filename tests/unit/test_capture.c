/* SPDX-License-Identifier: Apache-2.0
 * Datagrams out of captures: every link type, VLAN tags, extension headers, fragments, IPFIX over
 * TCP, broken files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <pcap/pcap.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "importer/capture/pcap.h"
#include "importer/capture/reassembly.h"
#include "tests/lib/packet.h"

/* A NetFlow 5 header without records, recognised by its first bytes. */
static const char flow[] = "0005 0001 00000001 65535c00 00000000 00000001 0000 0000";
#define FLOW_LEN 24

struct file {
	char path[40];
	pcap_dumper_t *dump;
	pcap_t *pcap;
	int n;
};

static void file_open(struct file *f, int link)
{
	snprintf(f->path, sizeof(f->path), "/tmp/test_capture.XXXXXX");
	int fd = mkstemp(f->path);
	assert_true(fd >= 0);
	close(fd);
	f->pcap = pcap_open_dead(link, 65535);
	f->dump = pcap_dump_open(f->pcap, f->path);
	assert_non_null(f->dump);
	f->n = 0;
}

static void file_add(struct file *f, const struct packet *p)
{
	struct pcap_pkthdr h = { .ts = { .tv_sec = 1700000000 + f->n++, .tv_usec = 5000 },
				 .caplen = (bpf_u_int32)p->len,
				 .len = (bpf_u_int32)p->len };
	pcap_dump((u_char *)f->dump, &h, p->data);
}

static struct capture *file_read(struct file *f, const uint16_t *ports, size_t n)
{
	struct capture *c;
	struct err err = ERR_NONE;
	pcap_dump_close(f->dump);
	pcap_close(f->pcap);
	if (capture_open(f->path, ports, n, &c, &err))
		fail_msg("%s", err.msg);
	unlink(f->path);
	return c;
}

static void udp_flow(struct packet *p)
{
	packet_udp(p, 40000, 2055);
	packet_hex(p, flow);
	packet_close(p);
}

static void assert_one_flow(struct capture *c, const char *from)
{
	struct captured d;
	struct err err;
	char text[IP_TEXT_MAX];
	assert_int_equal(capture_next(c, &d, &err), 1);
	ip_format(&d.dgram.src, text);
	assert_string_equal(text, from);
	assert_int_equal(d.dgram.len, FLOW_LEN);
	assert_int_equal(d.dgram.port, 40000);
	assert_int_equal(d.dst_port, 2055);
	assert_int_equal(d.dgram.received_ms, 1700000000005);
	assert_int_equal(capture_next(c, &d, &err), 0);
	assert_int_equal(capture_stats(c)->datagrams, 1);
	capture_free(c);
}

static void every_link_type(void **state)
{
	(void)state;
	static const struct {
		int link;
		const char *header; /* before the IP packet */
	} cases[] = {
		{ DLT_EN10MB, "020000000002 020000000001 0800" },
		{ DLT_EN10MB, "020000000002 020000000001 8100 0064 0800" },
		{ DLT_EN10MB, "020000000002 020000000001 88a8 0064 8100 0065 0800" },
		{ DLT_LINUX_SLL, "0000 0001 0006 020000000001 0000 0800" },
		{ DLT_LINUX_SLL2, "0800 0000 00000002 0001 00 06 020000000001 0000" },
		{ DLT_RAW, "" },
		{ DLT_NULL, "02000000" },
		{ DLT_LOOP, "00000002" },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct packet p = { 0 };
		struct file f;
		packet_hex(&p, cases[i].header);
		packet_ipv4(&p, 17, 1, 2);
		udp_flow(&p);
		if (cases[i].link == DLT_EN10MB)
			packet_fill(&p, 0, 20); /* Ethernet's padding is not payload */
		file_open(&f, cases[i].link);
		file_add(&f, &p);
		assert_one_flow(file_read(&f, NULL, 0), "10.0.0.1");
	}
}

static void ipv6_with_extension_headers(void **state)
{
	(void)state;
	struct packet p = { 0 };
	struct file f;
	packet_ethernet(&p, 0x86dd);
	packet_ipv6(&p, 0, 1, 2);
	packet_hex(&p, "2b 00 0000 00000000"); /* hop by hop */
	packet_hex(&p,
		   "33 02 0000 00000000 0000000000000000 0000000000000000"); /* routing, 24 bytes */
	packet_hex(&p,
		   /* authentication, (4 + 2) * 4 bytes */
		   "3c 04 0000 00000001 00000002 000000000000000000000000");
	packet_hex(&p, "11 00 0000 00000000"); /* destination options */
	udp_flow(&p);
	file_open(&f, DLT_EN10MB);
	file_add(&f, &p);
	assert_one_flow(file_read(&f, NULL, 0), "2001:db8::1");
}

/* One UDP datagram of 24 + 8 bytes in fragments of 16, in any order, one of them twice. */
static void fragments_come_in_any_order(void **state)
{
	(void)state;
	static const int orders[][3] = { { 0, 1, 0 }, { 1, 0, 0 }, { 1, 1, 0 } };
	struct packet whole = { 0 };
	packet_hex(&whole, "9c40 080f 0020 0000");
	packet_hex(&whole, flow);
	for (size_t o = 0; o < 3; o++) {
		struct file f;
		file_open(&f, DLT_RAW);
		for (int i = 0; i < 3; i++) {
			struct packet p = { 0 };
			packet_ipv4(&p, 17, 1, 2);
			packet_bytes(&p, whole.data + orders[o][i] * 16, 16);
			packet_close(&p);
			p.data[6] = orders[o][i] == 0 ? 0x20 : 0; /* more fragments */
			p.data[7] = (uint8_t)(orders[o][i] * 2);
			file_add(&f, &p);
		}
		struct capture *c = file_read(&f, NULL, 0);
		struct captured d;
		struct err err;
		assert_int_equal(capture_next(c, &d, &err), 1);
		assert_int_equal(d.dgram.len, FLOW_LEN);
		assert_memory_equal(d.dgram.data, whole.data + 8, FLOW_LEN);
		capture_free(c);
	}
}

/* The first datagram is whole, and its slot free, before the second one's last fragment comes. */
static void fragmented_datagrams_may_interleave(void **state)
{
	(void)state;
	struct packet whole = { 0 };
	struct file f;
	struct captured d;
	struct err err;
	packet_hex(&whole, "9c40 080f 0020 0000");
	packet_hex(&whole, flow);
	file_open(&f, DLT_RAW);
	for (int i = 0; i < 4; i++) {
		struct packet p = { 0 };
		packet_ipv4(&p, 17, 1, 2);
		packet_bytes(&p, whole.data + i / 2 * 16, 16);
		packet_close(&p);
		p.data[5] = (uint8_t)(i % 2);      /* identification */
		p.data[6] = i / 2 == 0 ? 0x20 : 0; /* more fragments */
		p.data[7] = (uint8_t)(i / 2 * 2);
		file_add(&f, &p);
	}
	struct capture *c = file_read(&f, NULL, 0);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(capture_next(c, &d, &err), 1);
		assert_memory_equal(d.dgram.data, whole.data + 8, FLOW_LEN);
	}
	assert_int_equal(capture_next(c, &d, &err), 0);
	assert_int_equal(capture_stats(c)->incomplete, 0);
	capture_free(c);
}

static void lost_fragments_are_counted(void **state)
{
	(void)state;
	struct file f;
	struct captured d;
	struct err err;
	file_open(&f, DLT_RAW);
	for (unsigned id = 0; id < 50; id++) { /* more than there are slots */
		struct packet p = { 0 };
		packet_ipv4(&p, 17, 1, 2);
		packet_fill(&p, 0, 16);
		packet_close(&p);
		p.data[5] = (uint8_t)id;
		p.data[6] = 0x20;
		file_add(&f, &p);
	}
	struct capture *c = file_read(&f, NULL, 0);
	assert_int_equal(capture_next(c, &d, &err), 0);
	assert_int_equal(capture_stats(c)->incomplete, 50);
	capture_free(c);
}

/* What belongs together comes within half a minute (RFC 791); an id that comes again later is of
 * another packet. */
static void old_fragments_are_given_up(void **state)
{
	(void)state;
	static const uint8_t part[8] = { 0 };
	const struct fragment_key key = { .id = 7, .version = 4, .protocol = 17 };
	const uint8_t *whole;
	size_t len;
	for (unsigned seconds = 29; seconds <= 31; seconds += 2) {
		struct fragments *f = fragments_new();
		assert_int_equal(fragments_add(f, &key, 1, 0, true, part, 8, &whole, &len),
				 FRAGMENT_HELD);
		assert_int_equal(fragments_add(f, &key, 1 + seconds * 1000000000ULL, 8, false, part,
					       8, &whole, &len),
				 seconds < 30 ? FRAGMENT_WHOLE : FRAGMENT_HELD);
		assert_int_equal(fragments_lost(f), seconds < 30 ? 0 : 2); /* the new one, too */
		fragments_free(f);
	}
}

/* Empty, not in units of eight bytes, beyond the largest packet, beyond an end that was given
 * before, another end. */
static void bad_fragments_are_counted(void **state)
{
	(void)state;
	static const struct {
		unsigned where, len; /* the word of flags and offset */
	} rows[] = {
		{ 0x2000, 0 }, { 0x2000, 15 }, { 0x1fff, 16 }, { 0x0002, 8 }, /* the end, at 24 */
		{ 0x2003, 8 }, { 0x0003, 8 },
	};
	const unsigned n = sizeof(rows) / sizeof(rows[0]);
	struct file f;
	struct captured d;
	struct err err;
	file_open(&f, DLT_RAW);
	for (unsigned i = 0; i < n; i++) {
		struct packet p = { 0 };
		packet_ipv4(&p, 17, 1, 2);
		packet_fill(&p, 0, rows[i].len);
		packet_close(&p);
		p.data[6] = (uint8_t)(rows[i].where >> 8);
		p.data[7] = (uint8_t)rows[i].where;
		file_add(&f, &p);
	}
	struct capture *c = file_read(&f, NULL, 0);
	assert_int_equal(capture_next(c, &d, &err), 0);
	assert_int_equal(capture_stats(c)->malformed, n - 1);
	assert_int_equal(capture_stats(c)->incomplete, 1);
	capture_free(c);
}

static void tcp_segment(struct file *f, uint32_t seq, unsigned flags, const void *data, size_t len)
{
	struct packet p = { 0 };
	packet_ipv4(&p, 6, 1, 2);
	size_t tcp = p.len;
	packet_tcp(&p, 40000, 4739, flags);
	for (int i = 0; i < 4; i++)
		p.data[tcp + 4 + (size_t)i] = (uint8_t)(seq >> (24 - 8 * i));
	packet_bytes(&p, data, len);
	packet_close(&p);
	file_add(f, &p);
}

static void ipfix_over_tcp(void **state)
{
	(void)state;
	uint8_t two[40] = { 0, 10, 0, 18 };
	struct file f;
	struct captured d;
	struct err err;
	memcpy(two + 18, "\0\12\0\26", 4); /* two messages, of 18 and 22 bytes */
	file_open(&f, DLT_RAW);
	tcp_segment(&f, 99, 2, "", 0);
	tcp_segment(&f, 100, 16, two, 10);
	tcp_segment(&f, 100, 16, two, 10);     /* sent again */
	tcp_segment(&f, 105, 16, two + 5, 20); /* overlaps */
	tcp_segment(&f, 125, 16, two + 25, 15);
	tcp_segment(&f, 1140, 16, two + 5, 10); /* a gap, then the middle of something */
	tcp_segment(&f, 1150, 16, two, 18);     /* and a new start */
	struct capture *c = file_read(&f, NULL, 0);
	static const size_t want[] = { 18, 22, 18 };
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(capture_next(c, &d, &err), 1);
		assert_int_equal(d.dgram.len, want[i]);
		assert_int_equal(d.dgram.port, 40000);
	}
	assert_int_equal(capture_next(c, &d, &err), 0);
	assert_int_equal(capture_stats(c)->incomplete, 1);
	capture_free(c);
}

/* A SYN begins a connection, though the ports are those of the one before; a gap, a FIN that is
 * sent twice or the end of a file does not, and a place is for another one after a FIN or RST. */
static void connections_are_told_apart(void **state)
{
	(void)state;
	static const uint8_t one[18] = { 0, 10, 0, 18 };
	struct file f, g;
	struct captured d;
	struct err err;
	struct capture_streams streams = { 0 };
	file_open(&f, DLT_RAW);
	tcp_segment(&f, 100, 16, one, 18); /* no SYN: the capture began later */
	tcp_segment(&f, 5000, 16, one, 18);
	tcp_segment(&f, 99, 2, "", 0);
	tcp_segment(&f, 100, 16, one, 18);
	tcp_segment(&f, 118, 16 | 1, one, 18);
	tcp_segment(&f, 136, 16 | 1, "", 0);
	tcp_segment(&f, 8999, 2, "", 0);
	tcp_segment(&f, 9000, 16, one, 10); /* its rest is in the next file */
	file_open(&g, DLT_RAW);
	tcp_segment(&g, 9010, 16, one + 10, 8);
	tcp_segment(&g, 9018, 16, one, 18);
	struct capture *c = file_read(&f, NULL, 0), *next = file_read(&g, NULL, 0);
	static const uint64_t want[] = { 1, 1, 2, 2, 3, 3 };
	for (size_t i = 0; i < 6; i++) {
		if (i == 4) {
			assert_int_equal(capture_next(c, &d, &err), 0);
			capture_follow(next, c);
		}
		assert_int_equal(capture_next(i < 4 ? c : next, &d, &err), 1);
		assert_int_equal(d.connection, want[i]);
		assert_int_equal(d.place, 0);
		assert_ptr_equal(capture_stream(&streams, NULL, &d), &streams.stream[0]);
	}
	assert_int_equal(capture_next(next, &d, &err), 0);
	assert_int_equal(capture_stats(c)->incomplete, 1);
	assert_int_equal(capture_stats(next)->incomplete, 0);
	capture_free(c);
	capture_free(next);
}

static void ports_or_looks(void **state)
{
	(void)state;
	static const uint16_t ports[] = { 53 };
	for (int by_port = 0; by_port < 2; by_port++) {
		struct file f;
		struct captured d;
		struct err err;
		struct packet dns = { 0 }, nf = { 0 };
		packet_ipv4(&dns, 17, 1, 2);
		packet_udp(&dns, 40000, 53);
		packet_hex(&dns, "1234 0100 0001 0000 0000 0000 0377777700");
		packet_close(&dns);
		packet_ipv4(&nf, 17, 3, 2);
		udp_flow(&nf);
		file_open(&f, DLT_RAW);
		file_add(&f, &dns);
		file_add(&f, &nf);
		struct capture *c = file_read(&f, ports, by_port ? 1 : 0);
		assert_int_equal(capture_next(c, &d, &err), 1);
		assert_int_equal(d.dst_port, by_port ? 53 : 2055);
		assert_int_equal(capture_next(c, &d, &err), 0);
		assert_int_equal(capture_stats(c)->other, 1);
		capture_free(c);
	}
}

/* Cut anywhere: an error or an end, never a crash (the sanitizers look on). */
static void cut_files(void **state)
{
	(void)state;
	struct packet p = { 0 };
	struct file f;
	uint8_t bytes[400];
	packet_ethernet(&p, 0x0800);
	packet_ipv4(&p, 17, 1, 2);
	udp_flow(&p);
	file_open(&f, DLT_EN10MB);
	file_add(&f, &p);
	pcap_dump_close(f.dump);
	pcap_close(f.pcap);
	FILE *in = fopen(f.path, "rb");
	size_t len = fread(bytes, 1, sizeof(bytes), in);
	fclose(in);
	for (size_t cut = 0; cut < len; cut++) {
		struct capture *c;
		struct captured d;
		struct err err = ERR_NONE;
		FILE *out = fopen(f.path, "wb");
		fwrite(bytes, 1, cut, out);
		fclose(out);
		int opened = capture_open(f.path, NULL, 0, &c, &err);
		assert_int_equal(opened, cut < 24 ? -1 : 0);
		assert_int_equal(err.code, cut < 24 ? EF_USAGE : 0);
		if (opened == 0) {
			assert_int_equal(capture_next(c, &d, &err), cut == 24 ? 0 : -1);
			capture_free(c);
		}
	}
	unlink(f.path);
}

static void no_captures(void **state)
{
	(void)state;
	struct capture *c;
	struct err err = ERR_NONE;
	assert_int_equal(capture_open("/tmp/there/is/none", NULL, 0, &c, &err), -1);
	assert_int_equal(err.code, EF_USAGE);
	assert_int_equal(capture_open("/bin/sh", NULL, 0, &c, &err), -1);
	assert_non_null(strstr(err.msg, "give a pcap or pcapng file"));
	struct file f;
	file_open(&f, DLT_USB_LINUX);
	pcap_dump_close(f.dump);
	pcap_close(f.pcap);
	assert_int_equal(capture_open(f.path, NULL, 0, &c, &err), -1);
	assert_non_null(strstr(err.msg, "USB_LINUX"));
	unlink(f.path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_link_type),
		cmocka_unit_test(ipv6_with_extension_headers),
		cmocka_unit_test(fragments_come_in_any_order),
		cmocka_unit_test(fragmented_datagrams_may_interleave),
		cmocka_unit_test(lost_fragments_are_counted),
		cmocka_unit_test(old_fragments_are_given_up),
		cmocka_unit_test(bad_fragments_are_counted),
		cmocka_unit_test(ipfix_over_tcp),
		cmocka_unit_test(connections_are_told_apart),
		cmocka_unit_test(ports_or_looks),
		cmocka_unit_test(cut_files),
		cmocka_unit_test(no_captures),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
