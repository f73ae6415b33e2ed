/* SPDX-License-Identifier: Apache-2.0
 * What is left of a datagram in a bug report's capture, octet by octet. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>

#include "importer/capture/scrub.h"
#include "tests/lib/packet.h"

#define SECRET "not for everybody"

static const uint8_t key[PSEUDONYM_KEY] = { 1, 2, 3 };
static const struct strlist no_elements;
static struct pseudonyms *names;
static struct scrub *scrub;

static int start(void **state)
{
	struct err err = ERR_NONE;
	(void)state;
	return pseudonyms_new(key, &names, &err) ||
	       scrub_new(names, &no_elements, 1 << 20, &scrub, &err);
}

static int stop(void **state)
{
	(void)state;
	scrub_free(scrub);
	pseudonyms_free(names);
	return 0;
}

static void add(const struct packet *p)
{
	struct captured c = { .dgram = { .data = p->data, .len = p->len, .received_ms = 1 } };
	c.dgram.src = ip_from_v4((const uint8_t[]){ 10, 0, 0, 9 });
	c.dst = ip_from_v4((const uint8_t[]){ 10, 0, 0, 8 });
	assert_true(scrub_add(scrub, &c));
}

/* What became of the datagram `i` at `at`. */
static const uint8_t *octets(size_t i, size_t at)
{
	struct captured c;
	assert_true(scrub_get(scrub, i, &c));
	assert_true(at < c.dgram.len);
	return c.dgram.data + at;
}

static void expect_ipv4(const uint8_t *got, const uint8_t *was)
{
	uint8_t want[4];
	pseudonym_ipv4(names, was, want);
	assert_memory_equal(got, want, 4);
	assert_memory_not_equal(got, was, 4);
}

static bool holds(size_t i, const void *what, size_t len)
{
	struct captured c;
	assert_true(scrub_get(scrub, i, &c));
	return memmem(c.dgram.data, c.dgram.len, what, len) != NULL;
}

static void expect_zeros(const uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		assert_int_equal(p[i], 0);
}

static unsigned sum_over(const uint8_t *p, size_t len)
{
	unsigned sum = 0;
	for (size_t i = 0; i < len; i += 2)
		sum += (unsigned)p[i] << 8 | p[i + 1];
	return (sum & 0xffff) + (sum >> 16);
}

/* An IPv4 header of 24 octets, an option among them, and its right sum; then UDP. */
static void put_packet(struct packet *p)
{
	size_t ip = p->len;
	packet_hex(p, "46 00 00 2f 12 34 40 00 40 11 00 00 c6 33 64 07 cb 00 71 09 07 04 aa bb");
	unsigned sum = ~sum_over(p->data + ip, 24) & 0xffff;
	p->data[ip + 10] = (uint8_t)(sum >> 8);
	p->data[ip + 11] = (uint8_t)sum;
	packet_hex(p, "d4 31 00 35 00 1b be ef");
	packet_bytes(p, SECRET, sizeof(SECRET) - 1);
}

static void sampled_packets(void **state)
{
	static const uint8_t agent[4] = { 192, 0, 2, 9 }, from[4] = { 198, 51, 100, 7 };
	static const uint8_t mac[6] = { 2, 0, 0, 0, 0, 1 };
	struct packet p = { 0 }, frame = { 0 };
	(void)state;
	packet_ethernet(&frame, 0x0800);
	put_packet(&frame);
	packet_sflow(&p, 1, 1);
	size_t sample = packet_sflow_flow(&p, 1);
	packet_sflow_header(&p, 1, 64, &frame);
	packet_shut(&p, sample);
	add(&p);
	const uint8_t *was = memmem(p.data, p.len, from, 4), *ip;
	assert_non_null(was);
	ip = octets(0, (size_t)(was - p.data) - 12);
	expect_ipv4(octets(0, 8), agent);
	expect_ipv4(ip + 12, from);
	assert_int_equal(sum_over(ip, 24), 0xffff);                          /* done anew */
	expect_zeros(ip + 20, 4);                                            /* the option */
	assert_memory_equal(ip + 24, "\xd4\x31\x00\x35\x00\x1b\x00\x00", 8); /* its sum is gone */
	expect_zeros(ip + 32, sizeof(SECRET) - 1);
	assert_false(holds(0, mac, 6));
	assert_false(holds(0, from, 4));
	assert_false(holds(0, agent, 4));
}

static void put_head(struct packet *p, unsigned len)
{
	packet_u16(p, 10);
	packet_u16(p, len);
	packet_u32(p, 1700000000);
	packet_u32(p, 0);
	packet_u32(p, 7);
}

/* Addresses, text of varying length, an element that nobody knows; the record has 4 + 4 + 1 + text
 * + 6 octets. */
static void put_template(struct packet *p)
{
	put_head(p, 16 + 32);
	packet_hex(p, "00 02 00 20 01 00 00 05");
	packet_hex(p, "00 08 00 04 00 02 00 04 01 73 ff ff"); /* source, packets, userName */
	packet_hex(p, "ff fe 00 06 00 00 30 39 00 07 00 02");
}

static void put_record(struct packet *p)
{
	put_head(p, 16 + 4 + 17 + sizeof(SECRET) - 1);
	packet_hex(p, "01 00 00 26 0a 01 02 03 00 00 00 05 11");
	packet_bytes(p, SECRET, sizeof(SECRET) - 1);
	packet_hex(p, "de ad be ef 00 01 01 bb");
}

static void check_record(size_t i)
{
	static const uint8_t from[4] = { 10, 1, 2, 3 };
	expect_ipv4(octets(i, 20), from);
	assert_memory_equal(octets(i, 24), "\0\0\0\x05\x11", 5);
	uint8_t want[sizeof(SECRET) - 1];
	pseudonym_text(names, (const uint8_t *)SECRET, sizeof(want), want);
	assert_memory_equal(octets(i, 29), want, sizeof(want));
	expect_zeros(octets(i, 29 + sizeof(want)), 6);
	assert_memory_equal(octets(i, 35 + sizeof(want)), "\x01\xbb", 2);
}

static void records(void **state)
{
	struct packet template = { 0 }, data = { 0 };
	(void)state;
	put_template(&template);
	put_record(&data);
	add(&template);
	add(&data);
	struct captured c;
	assert_true(scrub_get(scrub, 0, &c));
	assert_memory_equal(c.dgram.data, template.data, template.len);
	check_record(1);
}

/* Nothing is known of it until its template comes; then all is. */
static void data_before_its_template(void **state)
{
	struct packet template = { 0 }, data = { 0 };
	struct scrub_totals t;
	(void)state;
	put_template(&template);
	put_record(&data);
	add(&data);
	expect_zeros(octets(0, 20), data.len - 20);
	scrub_totals(scrub, &t);
	assert_int_equal(t.no_template, 1);
	add(&template);
	check_record(0);
	scrub_totals(scrub, &t);
	assert_int_equal(t.no_template, 0);
	assert_int_equal(t.records, 1);
}

static void what_is_none_is_not_kept(void **state)
{
	struct packet p = { 0 };
	struct captured c;
	(void)state;
	packet_hex(&p, "00 07");
	packet_bytes(&p, SECRET, sizeof(SECRET));
	packet_fill(&p, 1, 20);
	p.data[1] = 99;
	add(&p);
	assert_false(scrub_get(scrub, 0, &c));
}

static void it_has_a_ceiling(void **state)
{
	struct packet p = { 0 };
	size_t n = 0;
	(void)state;
	put_template(&p);
	struct captured c = { .dgram = { .data = p.data, .len = p.len, .received_ms = 1 } };
	while (scrub_add(scrub, &c))
		n++;
	assert_int_equal(n, (1 << 20) / p.len);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(sampled_packets, start, stop),
		cmocka_unit_test_setup_teardown(records, start, stop),
		cmocka_unit_test_setup_teardown(data_before_its_template, start, stop),
		cmocka_unit_test_setup_teardown(what_is_none_is_not_kept, start, stop),
		cmocka_unit_test_setup_teardown(it_has_a_ceiling, start, stop),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
