/* SPDX-License-Identifier: Apache-2.0
 * IPFIX messages and their sets: what is padding, what follows a message, and what a withdrawal
 * takes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "forwarder/decode/tick.h"
#include "tests/lib/packet.h"
#include "tests/lib/rig.h"

/* Appends an IPFIX message of domain 7 with these sets. */
static void message(struct packet *p, const char *sets)
{
	struct packet body = { .len = 0 };
	packet_hex(&body, sets);
	packet_u16(p, 10);
	packet_u16(p, (unsigned)(16 + body.len));
	packet_u32(p, NOW_MS / 1000);
	packet_u32(p, 0);
	packet_u32(p, 7);
	packet_bytes(p, body.data, body.len);
}

static enum decode_result give_packet(const struct packet *p)
{
	struct datagram d = {
		.data = p->data, .len = p->len, .src = address(1), .received_ms = NOW_MS
	};
	return decoder_datagram(f.dec, &d, &f.sink, &f.report);
}

static void give_sets(const char *sets)
{
	struct packet p = { .len = 0 };
	message(&p, sets);
	assert_int_equal(give_packet(&p), DECODE_OK);
}

/* Template 256: octetDeltaCount and an interfaceName of any length, five bytes at least. */
#define VARYING "0002 0010 0100 0002 00010004 0052ffff "
/* Template 257: octetDeltaCount. */
#define FIXED "0002 000c 0101 0001 00010004 "
/* Options template 258: the interfaceName of an ingressInterface. */
#define NAMES "0003 0012 0102 0002 0001 000a0004 00520004 "

/* RFC 7011 section 3.3.1: padding is shorter than any record of the set could be. */
static void padding_is_shorter_than_a_record(void **state)
{
	(void)state;
	start((struct decode_limits){ 0 });
	give_sets(VARYING "0100 000e 00000001 00  00000000 00"); /* the second is all zeros */
	assert_int_equal(f.counters->records[PROTO_IPFIX], 2);
	give_sets("0100 000c 00000001 00  000000");
	assert_int_equal(f.counters->records[PROTO_IPFIX], 3);
	assert_int_equal(f.counters->malformed_record, 0);
	stop();
}

/* More than one message in a datagram is decoded; what only begins like one is left alone. */
static void what_follows_a_message_may_be_one(void **state)
{
	(void)state;
	static const char *const no_message[] = {
		"000a 0011 00000000 00000000 00000000",    /* longer than what is left */
		"000a 000f 00000000 00000000 00000000 00", /* shorter than a header */
		"0009 0010 00000000 00000000 00000000",    /* another version */
	};
	start((struct decode_limits){ 0 });
	struct packet two = { .len = 0 };
	message(&two, FIXED);
	message(&two, "0101 0008 00000001");
	assert_int_equal(give_packet(&two), DECODE_OK);
	assert_int_equal(f.counters->records[PROTO_IPFIX], 1);
	for (size_t i = 0; i < sizeof(no_message) / sizeof(*no_message); i++) {
		struct packet p = { .len = 0 };
		message(&p, "0101 0008 00000001");
		packet_hex(&p, no_message[i]);
		assert_int_equal(give_packet(&p), DECODE_OK);
		assert_int_equal(f.counters->records[PROTO_IPFIX], 2 + i);
		assert_int_equal(f.counters->malformed_header, 0);
	}
	stop();
}

/* RFC 7011 section 8.1: templates, and options templates, are withdrawn apart. */
static void one_kind_of_templates_is_withdrawn(void **state)
{
	(void)state;
	start((struct decode_limits){ 0 });
	give_sets(FIXED VARYING NAMES);
	assert_int_equal(f.counters->templates_now, 3);
	give_sets("0002 0008 0002 0000");
	assert_int_equal(f.counters->templates_now, 1);
	assert_int_equal(f.counters->templates_withdrawn, 2);
	give_sets("0102 000c 00000005 65746835"); /* which is that of options */
	assert_int_equal(f.counters->options_now, 1);
	give_sets("0003 0008 0003 0000");
	assert_int_equal(f.counters->templates_now, 0);
	assert_int_equal(f.counters->templates_withdrawn, 3);
	stop();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(padding_is_shorter_than_a_record),
		cmocka_unit_test(what_follows_a_message_may_be_one),
		cmocka_unit_test(one_kind_of_templates_is_withdrawn),
	};
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
