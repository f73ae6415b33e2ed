/* SPDX-License-Identifier: Apache-2.0
 * What exporters say about themselves: which elements are learnt from, whom it is kept for, and
 * what a state file may say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/hash.h"
#include "forwarder/decode/exporter/learnt.h"
#include "forwarder/decode/state.h"
#include "forwarder/decode/template/roles.h"
#include "forwarder/decode/tick.h"
#include "tests/lib/packet.h"

#define NOW_MS 1700000000000

static struct decoder *dec;
static struct sink sink;
static struct decode_report report; /* of the last datagram */
static char memory[1 << 20];

static int more(struct sink *s, size_t need)
{
	(void)s;
	(void)need;
	return -1;
}

static void start(struct decode_limits limits)
{
	struct err err = ERR_NONE;
	struct decode_settings settings = { .limits = limits };
	dec = decoder_new(&settings, &err);
	assert_non_null(dec);
	memset(memory, 0, sizeof(memory));
	sink = (struct sink){ .cur = memory, .end = memory + sizeof(memory), .more = more };
	for (int kind = 0; kind < LINE_KINDS; kind++)
		sink.head[kind].id_at = -1;
}

/* NetFlow 9 from 192.0.2.<exporter>, source id `domain`, with these sets. */
static enum decode_result give_at(unsigned exporter, uint32_t domain, const char *sets, uint64_t ms)
{
	struct packet p = { .len = 0 };
	packet_hex(&p, "0009 0001 00000064 6553f100 00000000");
	packet_u32(&p, domain);
	packet_hex(&p, sets);
	struct datagram d = { .data = p.data, .len = p.len, .received_ms = ms };
	d.src = ip_from_v4((const uint8_t[]){ 192, 0, 2, (uint8_t)exporter });
	return decoder_datagram(dec, &d, &sink, &report);
}

static enum decode_result give(unsigned exporter, uint32_t domain, const char *sets)
{
	return give_at(exporter, domain, sets, NOW_MS);
}

#define VRF_FLOW "0000 0010 0100 0002 00ea0004 00010004  0100 000c 00000005 00000001"

/* A record costs what it has bytes: elements without a width, of which a template may have a
 * thousand, are not bound. */
static void elements_of_no_width_are_not_bound(void **state)
{
	(void)state;
	static struct spec specs[SPECS_MAX];
	static struct bound bound[SPECS_MAX];
	for (size_t i = 0; i < SPECS_MAX; i++)
		specs[i] = (struct spec){ .id = 14 }; /* egressInterface */
	specs[SPECS_MAX - 1] = (struct spec){ .id = 10, .width = 1 };
	assert_int_equal(roles_bind(specs, SPECS_MAX, bound), 1);
	assert_int_equal(bound[0].place.at, 0);
	assert_int_equal(bound[0].place.width, 1);
}

static void bound_elements_know_their_place(void **state)
{
	(void)state;
	static const struct spec specs[] = {
		{ .id = 1, .width = 4 },               /* nothing is learnt from it */
		{ .id = 10, .width = 4 },              /* ingressInterface */
		{ .id = 82, .width = WIDTH_VARIABLE }, /* interfaceName */
		{ .id = 83, .width = 20 },             /* interfaceDescription */
		{ .pen = 9, .id = 10, .width = 4 },    /* of a vendor */
		{ .id = 65535, .width = 4 },
	};
	struct bound bound[6];
	assert_int_equal(roles_bind(specs, 6, bound), 3);
	assert_int_equal(bound[0].place.at, 4);
	assert_int_equal(bound[0].place.part, 0);
	assert_int_equal(bound[1].place.at, 8);
	assert_int_equal(bound[1].place.width, WIDTH_VARIABLE);
	assert_int_equal(bound[2].place.at, 0);
	assert_int_equal(bound[2].place.part, 1);
	assert_int_equal(bound[2].place.width, 20);
}

/* ---- the state file ---- */

static uint64_t now_ms = UINT64_MAX; /* when it is read */

/* A file of domain 7 of 192.0.2.1 with the entry `letter`, `body` in hex, under a hash that is
 * right. */
static int load(char letter, const char *body)
{
	struct packet p = { .len = 0 }, entry = { .len = 0 };
	packet_bytes(&p, "EFSTATE3D", 9);
	packet_hex(&p, "0000001d 00000000 00000000 0000ffff c0000201 04 00000007 0000018bcfe56800");
	packet_hex(&entry, body);
	packet_u8(&p, (unsigned char)letter);
	packet_u32(&p, (uint32_t)entry.len);
	packet_bytes(&p, entry.data, entry.len);
	uint64_t h = hash_bytes(0, p.data, p.len);
	packet_hex(&p, "48 00000008");
	packet_u64(&p, h);
	struct err err = ERR_NONE;
	return decoder_load(dec, p.data, p.len, now_ms, NULL, &err);
}

/* Kind 2 (VRF), id 5, last seen, no rate; then its names. */
#define VRF_5 "02 0000000000000005 0000018bcfe56800 00000000 "

static void names_in_a_state_file_are_as_those_on_the_wire(void **state)
{
	(void)state;
	start((struct decode_limits){ 0 });
	assert_int_equal(load('O', VRF_5 "04 610a227d 00 00 00 00 00 00 00"), 0); /* a\n"} */
	assert_int_equal(dec->counters.options_now, 1);
	assert_int_equal(give(1, 7, VRF_FLOW), DECODE_OK);
	assert_non_null(strstr(memory, "\"vrf\":{\"ingress\":\"a \\\"}\"}"));
	assert_ptr_equal(strchr(memory, '\n'), sink.cur - 1);
	decoder_free(dec);
}

/* What claims to be of the future would never expire; the domain lives on, so that it is not just
 * forgotten as a whole. */
static void times_after_now_are_not_believed(void **state)
{
	(void)state;
	start((struct decode_limits){ .template_ms = 3600000 });
	now_ms = NOW_MS;
	assert_int_equal(
	    load('O', "02 0000000000000005 00000fffffffffff 00000000 0161 00 00 00 00 00 00 00"),
	    0);
	assert_int_equal(load('T', "00000fffffffffff 0200 00 0000 0001 00000000 0001 0004"), 0);
	/* the same from three hours ahead */
	assert_int_equal(
	    load('O', "02 0000000000000006 0000018bd08a3380 00000000 0161 00 00 00 00 00 00 00"),
	    0);
	assert_int_equal(load('T', "0000018bd08a3380 0201 00 0000 0001 00000000 0001 0004"), 0);
	now_ms = UINT64_MAX;
	assert_int_equal(dec->counters.options_now, 2);
	for (uint64_t ms = 0; ms <= 7200000; ms += 600000) {
		sink.cur = memory;
		give_at(1, 7, VRF_FLOW, NOW_MS + ms);
		decoder_tick(dec, NOW_MS + ms, &sink);
	}
	assert_int_equal(dec->counters.exporters_now, 1);
	assert_int_equal(dec->counters.options_now, 0);
	assert_int_equal(dec->counters.templates_now, 1); /* that of the flow */
	decoder_free(dec);
}

static void bad_entries_of_a_state_file_are_passed_over(void **state)
{
	(void)state;
	static const struct {
		char letter;
		const char *body;
	} entries[] = {
		{ 'O', VRF_5 "00 00 00 00 00 00 00 00" },    /* no name */
		{ 'O', VRF_5 "04 6162" },                    /* ends in the name */
		{ 'O', VRF_5 "00 01 61 00 00 00 00 00 00" }, /* a part that VRFs do not have */
		{ 'O', "04" },
		{ 'O', "ff 0000000000000005 0000018bcfe56800 00000001" }, /* a kind that is none */
		{ 'T', "0000018bcfe56800 00ff 00 0000 0001 00000000 0001 0004" }, /* id 255 */
		{ 'T', "0000018bcfe56800 0100 00 0000 0000" },                    /* no elements */
		{ 'T',
		  "0000018bcfe56800 0100 01 0002 0001 00000000 0001 0004" }, /* scopes > elements */
		{ 'T', "0000018bcfe56800 0100 00 0000 0400" },               /* cut */
		{ 'R', "0000" },
		{ 'X', "0000" },
	};
	for (size_t i = 0; i < sizeof(entries) / sizeof(*entries); i++) {
		start((struct decode_limits){ 0 });
		assert_int_equal(load(entries[i].letter, entries[i].body), 0);
		assert_int_equal(dec->counters.options_now, 0);
		assert_int_equal(dec->counters.templates_now, 0);
		assert_int_equal(give(1, 7, VRF_FLOW), DECODE_OK);
		assert_non_null(
		    strstr(memory, "\"ie\":{\"ingressVRFID\":5,\"octetDeltaCount\":1}}\n"));
		decoder_free(dec);
	}
}

/* ---- age ---- */

static void names_and_rates_age(void **state)
{
	(void)state;
	start((struct decode_limits){ .template_ms = 3600000 });
	/* options template 300: VRF name and rate of everything; VRF 5 is "red", one in 100 */
	give(1, 7,
	     "0001 001a 012c 0004 000c 00010004 00ea0004 00ec0004 00220004 "
	     "012c 0014 00000000 00000005 72656400 00000064");
	assert_int_equal(dec->counters.options_now, 1);
	decoder_tick(dec, NOW_MS + 3000000, &sink);
	assert_int_equal(dec->counters.options_now, 1);
	sink.cur = memory;
	give(1, 7, VRF_FLOW);
	assert_non_null(strstr(memory, "\"rate\":100"));
	assert_non_null(strstr(memory, "red"));
	uint64_t with = dec->counters.memory_now;
	decoder_tick(dec, NOW_MS + 3600001, &sink);
	assert_int_equal(dec->counters.options_now, 0);
	assert_true(dec->counters.memory_now < with);
	decoder_free(dec);
}

/* Options template 301: the rate of the whole exporter; it is one in 100. */
#define RATE_100 "0001 0012 012d 0004 0004 00010004 00220004  012d 000c 00000000 00000064"

static bool flow_says(const char *text, uint64_t ms)
{
	sink.cur = memory;
	give_at(1, 7, VRF_FLOW, ms);
	*sink.cur = '\0';
	return strstr(memory, text);
}

static void names_sent_again_do_not_age(void **state)
{
	(void)state;
	start((struct decode_limits){ .template_ms = 3600000 });
	for (uint64_t ms = 0; ms <= 7200000; ms += 1200000) {
		sink.cur = memory;
		give_at(1, 7,
			"0001 0016 012c 0004 0008 00010004 00ea0004 00ec0004 "
			"012c 0010 00000000 00000005 72656400",
			NOW_MS + ms);
		decoder_tick(dec, NOW_MS + ms + 1, &sink);
		assert_int_equal(dec->counters.options_now, 1);
	}
	assert_true(flow_says("red", NOW_MS + 7200001));
	decoder_free(dec);
}

static void rates_sent_again_do_not_age(void **state)
{
	(void)state;
	start((struct decode_limits){ .template_ms = 3600000 });
	for (uint64_t ms = 0; ms <= 7200000; ms += 1200000) {
		sink.cur = memory;
		give_at(1, 7, RATE_100, NOW_MS + ms);
		decoder_tick(dec, NOW_MS + ms + 1, &sink);
	}
	assert_true(flow_says("\"rate\":100", NOW_MS + 7200001));
	for (uint64_t ms = 7800000; ms <= 10900000; ms += 600000) { /* flows alone say no rate */
		flow_says("", NOW_MS + ms);
		decoder_tick(dec, NOW_MS + ms + 1, &sink);
	}
	assert_false(flow_says("\"rate\"", NOW_MS + 10900001));
	decoder_free(dec);
}

/* RFC 5477: 3 packets taken, 8 passed over are one in 3.67; 3 out of 11 are the same. */
static void rates_are_rounded(void **state)
{
	(void)state;
	static const char *const flows[] = {
		"0000 0014 0101 0003 00010004 01310004 01320004  0101 0010 00000001 00000003 "
		"00000008",
		"0000 0014 0102 0003 00010004 01350004 01360004  0102 0010 00000001 00000003 "
		"0000000b",
	};
	for (size_t i = 0; i < 2; i++) {
		start((struct decode_limits){ 0 });
		assert_int_equal(give(1, 7, flows[i]), DECODE_OK);
		assert_non_null(strstr(memory, "\"sampling\":{\"rate\":4,\"origin\":\"record\"}"));
		decoder_free(dec);
	}
}

/* The start of an exporter has no age of its own: it goes with who is silent for so long. */
static void silent_exporters_are_forgotten(void **state)
{
	(void)state;
	start((struct decode_limits){ .template_ms = 7200000 });
	/* options template 302: systemInitTimeMilliseconds */
	give(1, 7,
	     "0001 0012 012e 0004 0004 00010004 00a00008  012e 0010 00000000 0000018bcfe56000");
	assert_int_equal(dec->counters.exporters_now, 1);
	for (uint64_t ms = 600000; ms <= 7200000; ms += 600000)
		decoder_tick(dec, NOW_MS + ms, &sink);
	assert_int_equal(dec->counters.exporters_now, 1);
	decoder_tick(dec, NOW_MS + 7260000, &sink);
	assert_int_equal(dec->counters.exporters_now, 0);
	assert_int_equal(dec->counters.memory_now, 0);
	decoder_free(dec);
}

/* ---- names ---- */

/* A letter of two bytes, of which only the first has room: half a letter is none. */
static void long_names_end_with_a_whole_character(void **state)
{
	(void)state;
	enum { LETTERS = LEARNT_SOURCE_MAX - 1, LEN = LETTERS + 2 };
	char letters[2 * LETTERS + 1], sets[1024];
	start((struct decode_limits){ 0 });
	for (size_t i = 0; i < LETTERS; i++)
		memcpy(letters + 2 * i, "61", 3);
	snprintf(sets, sizeof(sets),
		 "0001 0016 012c 0004 0008 00010004 00ea0004 00ec%04x "
		 "012c %04x 00000000 00000005 %sc3a9",
		 LEN, 12 + LEN, letters);
	assert_int_equal(give(1, 7, sets), DECODE_OK);
	sink.cur = memory;
	give(1, 7, VRF_FLOW);
	*sink.cur = '\0';
	const char *name = strstr(memory, "\"vrf\":{\"ingress\":\"");
	assert_non_null(name);
	name += strlen("\"vrf\":{\"ingress\":\"");
	assert_int_equal(strspn(name, "a"), LETTERS);
	assert_int_equal(name[LETTERS], '"');
	decoder_free(dec);
}

/* ---- ceilings ---- */

static void domains_of_one_sender_have_a_ceiling(void **state)
{
	(void)state;
	start((struct decode_limits){ .exporters = 100, .domains_per_exporter = 10 });
	/* a source id in each datagram that never comes again: the oldest make room */
	for (uint32_t i = 0; i < 1000; i++)
		assert_int_equal(give(66, i, ""), DECODE_OK);
	assert_int_equal(dec->counters.exporters_now, 10);
	assert_int_equal(give(1, 0, VRF_FLOW), DECODE_OK);
	assert_int_equal(dec->counters.records[PROTO_NETFLOW9], 1);
	/* domains with templates are not given up */
	for (uint32_t i = 0; i < 12; i++)
		assert_int_equal(give(67, i, VRF_FLOW), i < 10 ? DECODE_OK : DECODE_REFUSED);
	assert_non_null(strstr(report.problem.reason, "decode.max_domains"));
	assert_int_equal(dec->counters.exporters_refused, 2);
	decoder_free(dec);
}

static enum decode_result sflow(unsigned sender, uint32_t agent, uint64_t ms)
{
	struct packet p = { .len = 0 };
	packet_hex(&p, "00000005 00000001");
	packet_u32(&p, agent);
	packet_hex(&p, "00000000 00000001 00000064 00000000");
	struct datagram d = { .data = p.data, .len = p.len, .received_ms = ms };
	d.src = ip_from_v4((const uint8_t[]){ 192, 0, 2, (uint8_t)sender });
	return decoder_datagram(dec, &d, &sink, &report);
}

/* An sFlow datagram names any agent: they are counted against who sent it. */
static void agents_count_against_their_sender(void **state)
{
	(void)state;
	start((struct decode_limits){ .domains_per_exporter = 10 });
	for (uint32_t i = 0; i < 100; i++)
		assert_int_equal(sflow(66, 0x0a000000 + i, NOW_MS),
				 i < 10 ? DECODE_OK : DECODE_REFUSED);
	assert_int_equal(sflow(1, 0x0b000000, NOW_MS), DECODE_OK);
	decoder_tick(dec, NOW_MS + 3600001,
		     &sink); /* all idle: nothing is left, and may come again */
	assert_int_equal(dec->counters.exporters_now, 0);
	assert_int_equal(dec->counters.memory_now, 0);
	assert_int_equal(sflow(66, 0x0a000000 + 99, NOW_MS), DECODE_OK);
	decoder_free(dec);
}

static int count_sflow(const struct exporter_info *info, void *arg)
{
	*(int *)arg += info->protocol == PROTO_SFLOW5;
	return 0;
}

/* Who has too many domains loses his own, not those that others made of his address. */
static void others_domains_are_not_evicted(void **state)
{
	(void)state;
	int kept = 0;
	start((struct decode_limits){ .domains_per_exporter = 2 });
	assert_int_equal(sflow(66, 0xc0000201, NOW_MS - 10000), DECODE_OK); /* agent 192.0.2.1 */
	for (uint32_t i = 0; i < 5; i++)
		assert_int_equal(give(1, i, ""), DECODE_OK);
	assert_int_equal(dec->counters.exporters_now, 3);
	decoder_exporters(dec, count_sflow, &kept);
	assert_int_equal(kept, 1);
	decoder_free(dec);
}

static void new_domains_make_room(void **state)
{
	(void)state;
	start((struct decode_limits){ .exporters = 3000, .domains_per_exporter = 1 });
	for (uint32_t i = 0; i < 3000; i++)
		assert_int_equal(sflow(i % 250, 0x0a000000 + i, NOW_MS),
				 i < 250 ? DECODE_OK : DECODE_REFUSED);
	decoder_free(dec);
	start((struct decode_limits){ .exporters = 200 });
	for (uint32_t i = 0; i < 200; i++)
		assert_int_equal(sflow(1, 0x0a000000 + i, NOW_MS), DECODE_OK);
	for (uint32_t i = 0; i < 100; i++)
		assert_int_equal(sflow(2, 0x0b000000 + i, NOW_MS + 1000), DECODE_OK);
	assert_int_equal(dec->counters.exporters_now, 200);
	assert_int_equal(dec->counters.exporters_evicted, 100);
	for (uint32_t i = 0; i < 200; i++) /* all of them talk for more than a minute */
		sflow(i < 100 ? 1 : 2, i < 100 ? 0x0a000064 + i : 0x0b000000 + i - 100,
		      NOW_MS + 70000);
	assert_int_equal(sflow(3, 0x0c000000, NOW_MS + 71000), DECODE_REFUSED);
	assert_non_null(strstr(report.problem.reason, "decode.max_exporters"));
	decoder_free(dec);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(elements_of_no_width_are_not_bound),
		cmocka_unit_test(bound_elements_know_their_place),
		cmocka_unit_test(names_in_a_state_file_are_as_those_on_the_wire),
		cmocka_unit_test(times_after_now_are_not_believed),
		cmocka_unit_test(bad_entries_of_a_state_file_are_passed_over),
		cmocka_unit_test(names_and_rates_age),
		cmocka_unit_test(names_sent_again_do_not_age),
		cmocka_unit_test(rates_sent_again_do_not_age),
		cmocka_unit_test(rates_are_rounded),
		cmocka_unit_test(silent_exporters_are_forgotten),
		cmocka_unit_test(long_names_end_with_a_whole_character),
		cmocka_unit_test(domains_of_one_sender_have_a_ceiling),
		cmocka_unit_test(agents_count_against_their_sender),
		cmocka_unit_test(others_domains_are_not_evicted),
		cmocka_unit_test(new_domains_make_room),
	};
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
