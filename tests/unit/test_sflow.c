/* SPDX-License-Identifier: Apache-2.0
 * sFlow datagrams to lines: samples, records by their rows, lengths that lie. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "forwarder/decode/decode.h"
#include "forwarder/decode/tick.h"
#include "tests/lib/packet.h"

#define RECEIVED_MS 1700000000123u
#define SINK_ROOM   (1 << 20)

#define HEAD(seq, class, index)                                                               \
	"{\"@timestamp\":\"2023-11-14T22:13:20.123Z\",\"flow\":{\"type\":\"sflow5\","         \
	"\"exporter\":\"192.0.2.9\",\"relay\":\"198.51.100.1\",\"port\":6343,\"domain\":3,"   \
	"\"seq\":" #seq ",\"exported\":1700000000123,\"received\":1700000000123,\"source\":{" \
	"\"class\":" #class ",\"index\":" #index "}"
#define FLOW   HEAD(7, 0, 17) ",\"sampling\":{\"rate\":256,\"origin\":\"record\"}},\"ie\":{"
#define SAMPLE "\"ingressInterface\":17,\"egressInterface\":18,\"sflow.samplePool\":4096"
#define ETHERNET                                           \
	"\"destinationMacAddress\":\"02:00:00:00:00:02\"," \
	"\"sourceMacAddress\":\"02:00:00:00:00:01\",\"ethernetType\":"

struct fixture {
	struct decoder *dec;
	struct sink sink;
	struct decode_report report; /* of the last datagram */
	char *out;
};

static int no_more(struct sink *sink, size_t need)
{
	return (size_t)(sink->end - sink->cur) >= need ? 0 : -1;
}

static int setup(void **state)
{
	struct decode_settings settings = { .fields = NULL };
	struct fixture *f = calloc(1, sizeof(*f));
	struct err err;

	f->dec = decoder_new(&settings, &err);
	f->out = malloc(SINK_ROOM);
	f->sink = (struct sink){ .cur = f->out, .end = f->out + SINK_ROOM, .more = no_more };
	for (int i = 0; i < LINE_KINDS; i++)
		f->sink.head[i].id_at = -1;
	*state = f;
	return f->dec ? 0 : -1;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	decoder_free(f->dec);
	free(f->out);
	free(f);
	return 0;
}

static enum decode_result deliver(struct fixture *f, const uint8_t *data, size_t len)
{
	/* memory of the exact size, so that the sanitizer sees a read too far */
	uint8_t *copy = malloc(len ? len : 1);
	struct datagram dgram = {
		.data = copy, .len = len, .port = 6343, .received_ms = RECEIVED_MS
	};
	enum decode_result result;
	struct err err;

	assert_int_equal(ip_parse("198.51.100.1", &dgram.src, &err), 0);
	memcpy(copy, data, len);
	f->sink.cur = f->out;
	result = decoder_datagram(f->dec, &dgram, &f->sink, &f->report);
	*f->sink.cur = '\0';
	free(copy);
	return result;
}

/* The datagram gives exactly these lines. */
static void expect(struct fixture *f, const struct packet *p, enum decode_result result,
		   const char *lines)
{
	assert_int_equal(deliver(f, p->data, p->len), result);
	assert_string_equal(f->out, lines);
}

static void sampled_header(void **state)
{
	struct packet p = { 0 }, q = { 0 }, arp = { 0 }, ring = { 0 };
	size_t sample;

	packet_ethernet(&arp, 0x0806);
	packet_sflow(&p, 1, 2);
	sample = packet_sflow_flow(&p, 1);
	packet_sflow_header(&p, 1, 64, &arp);
	packet_shut(&p, sample);
	sample = packet_sflow_flow(&p, 1);
	arp.len = 13; /* the header is cut: padded to 16 octets, which must not be read */
	packet_sflow_header(&p, 1, 64, &arp);
	packet_shut(&p, sample);
	expect(*state, &p, DECODE_OK,
	       FLOW "\"packetDeltaCount\":1,\"octetDeltaCount\":64," SAMPLE
		    ",\"sflow.stripped\":4," ETHERNET "2054}}\n" FLOW
		    "\"packetDeltaCount\":1,\"octetDeltaCount\":64," SAMPLE
		    ",\"sflow.stripped\":4},\"tags\":[\"truncated\"]}\n");
	packet_hex(&ring, "0102ff");
	packet_sflow(&q, 2, 1);
	sample = packet_sflow_flow(&q, 1);
	packet_sflow_header(&q, 3, 64, &ring);
	packet_shut(&q, sample);
	expect(*state, &q, DECODE_OK,
	       FLOW "\"packetDeltaCount\":1,\"octetDeltaCount\":64," SAMPLE
		    ",\"sflow.stripped\":4,\"sflow.headerProtocol\":3,"
		    "\"dataLinkFrameSection\":\"0102ff\"}}\n");
}

static void record_of(struct packet *p, uint32_t tag, const char *hex)
{
	size_t start;

	packet_u32(p, tag);
	start = packet_open(p);
	packet_hex(p, hex);
	packet_shut(p, start);
}

static void extended_records(void **state)
{
	struct packet p = { 0 };
	size_t sample;

	packet_sflow(&p, 1, 1);
	sample = packet_sflow_flow(&p, 11);
	record_of(&p, 2, "00000052 020000000001 0000 020000000002 0000 00000800");
	record_of(&p, 1001, "0000000a 00000003 00000014 00000000");
	record_of(&p, 1002, "00000001 c0000201 00000018 00000010");
	record_of(&p, 1003,
		  "00000002 20010db8000000000000000000000001 0000fde8 0000fde9 0000fdea"
		  "00000002 00000002 00000002 00000064 000000c8 00000001 00000001 0000012c"
		  "00000001 fde80001 00000064");
	record_of(&p, 1007, "00000001 c6336401 00000000");
	record_of(&p, 1004, "0000006a 00000005 75736572 31000000 0000006a 00000000");
	record_of(&p, 1037, "00000005 00000003 61636c00 00000001");
	record_of(&p, 1037, "00000006 00000003 61636d00 00000002");
	record_of(&p, 1036, "00000007");
	record_of(&p, 0x00123001, "00");
	record_of(&p, 1039, "0000"); /* too short for its field */
	packet_shut(&p, sample);
	expect(*state, &p, DECODE_MALFORMED,
	       FLOW "\"packetDeltaCount\":1,\"octetDeltaCount\":82," SAMPLE
		    ",\"sflow.sampled_ethernet.length\":82,"
		    "\"sourceMacAddress\":\"02:00:00:00:00:01\","
		    "\"destinationMacAddress\":\"02:00:00:00:00:02\",\"ethernetType\":2048,"
		    "\"vlanId\":10,\"sflow.extended_switch.src_priority\":3,\"postVlanId\":20,"
		    "\"sflow.extended_switch.dst_priority\":0,"
		    "\"ipNextHopIPv4Address\":\"192.0.2.1\",\"sourceIPv4PrefixLength\":24,"
		    "\"destinationIPv4PrefixLength\":16,"
		    "\"bgpNextHopIPv6Address\":\"2001:db8::1\",\"sflow.extended_gateway.as\":65000,"
		    "\"bgpSourceAsNumber\":65001,\"bgpPrevAdjacentAsNumber\":65002,"
		    "\"sflow.extended_gateway.dst_as_path\":[100,200,[300]],"
		    "\"bgpNextAdjacentAsNumber\":100,\"bgpDestinationAsNumber\":300,"
		    "\"sflow.extended_gateway.communities\":[4259840001],"
		    "\"sflow.extended_gateway.localpref\":100,"
		    "\"postNATSourceIPv4Address\":\"198.51.100.1\","
		    "\"sflow.extended_user.src_charset\":106,\"userName\":\"user1\","
		    "\"sflow.extended_user.dst_charset\":106,\"sflow.extended_user.dst_user\":\"\","
		    "\"sflow.extended_acl.number\":5,\"sflow.extended_acl.name\":\"acl\","
		    "\"sflow.extended_acl.direction\":1,\"sflow.2.extended_acl.number\":6,"
		    "\"sflow.2.extended_acl.name\":\"acm\",\"sflow.2.extended_acl.direction\":2,"
		    "\"sflow.extended_egress_queue.queue\":7}}\n");
	assert_int_equal(decoder_counters(((struct fixture *)*state)->dec)->skipped_structures, 1);
	assert_int_equal(decoder_counters(((struct fixture *)*state)->dec)->malformed_record, 1);
}

static void header_takes_the_names_first(void **state)
{
	struct packet p = { 0 }, ip = { 0 };
	size_t sample;

	packet_ipv4(&ip, 50, 1, 2);
	packet_close(&ip);
	packet_sflow(&p, 1, 1);
	sample = packet_sflow_flow(&p, 2);
	record_of(&p, 3, "00000014 00000032 0a000001 0a000002 00000000 00000000 00000000 000000b8");
	packet_sflow_header(&p, 11, 34, &ip);
	packet_shut(&p, sample);
	expect(*state, &p, DECODE_OK,
	       FLOW "\"packetDeltaCount\":1,\"octetDeltaCount\":34," SAMPLE
		    ",\"sflow.stripped\":4,\"sflow.headerProtocol\":11,\"ipVersion\":4,"
		    "\"ipClassOfService\":0,\"ipTotalLength\":20,\"fragmentFlags\":64,\"ipTTL\":64,"
		    "\"protocolIdentifier\":50,\"sourceIPv4Address\":\"10.0.0.1\","
		    "\"destinationIPv4Address\":\"10.0.0.2\",\"sflow.sampled_ipv4.length\":20,"
		    "\"sflow.sampled_ipv4.protocol\":50,\"sflow.sampled_ipv4.src_ip\":\"10.0.0.1\","
		    "\"sflow.sampled_ipv4.dst_ip\":\"10.0.0.2\",\"sflow.sampled_ipv4.src_port\":0,"
		    "\"sflow.sampled_ipv4.dst_port\":0,\"sflow.sampled_ipv4.tcp_flags\":0,"
		    "\"sflow.sampled_ipv4.tos\":184}}\n");
}

static void interfaces_and_expanded_samples(void **state)
{
	struct packet p = { 0 };
	size_t sample;

	packet_sflow(&p, 1, 4);
	packet_u32(&p, 1);
	sample = packet_open(&p); /* source is a VLAN; in: local; out: discarded for reason 256 */
	packet_hex(&p, "00000008 01000011 00000000 00000001 00000002 3fffffff 40000100 00000000");
	packet_shut(&p, sample);
	packet_u32(&p, 1);
	sample = packet_open(&p); /* out: 7 interfaces */
	packet_hex(&p, "00000009 02000011 00000001 00000001 00000000 00000000 80000007 00000000");
	packet_shut(&p, sample);
	packet_u32(&p, 3);
	sample = packet_open(&p);
	packet_hex(&p, "0000000a 00000000 01000011 ffffffff ffffffff 00000000 00000000 3ffffffe"
		       "00000003 00000005 00000000");
	packet_shut(&p, sample);
	packet_u32(&p, 5);
	sample = packet_open(&p);
	packet_hex(&p, "0000000b 00000000 00000011 00000003 00000004 00000005 00000102 00000000");
	packet_shut(&p, sample);
	expect(*state, &p, DECODE_OK,
	       HEAD(8, 1,
		    17) "},\"ie\":{\"packetDeltaCount\":1,\"sflow.inputLocal\":true,"
			"\"sflow.discardReason\":256,\"sflow.samplePool\":1,"
			"\"sflow.drops\":2}}\n" HEAD(
			    9, 2,
			    17) ",\"sampling\":{\"rate\":1,\"origin\":\"record\"}},\"ie\":{"
				"\"packetDeltaCount\":1,"
				"\"ingressInterface\":0,\"sflow.outputInterfaces\":7,\"sflow."
				"samplePool\":1}}\n" HEAD(
				    10, 0,
				    16777233) ",\"sampling\":{\"said\":4294967295,\"origin\":"
					      "\"record\"}},\"ie\":{"
					      "\"packetDeltaCount\":1,\"ingressInterface\":"
					      "1073741822,\"sflow.outputFormat\":3,"
					      "\"sflow.outputValue\":5,\"sflow.samplePool\":"
					      "4294967295}}\n" HEAD(
						  11, 0,
						  17) "},\"ie\":{\"droppedPacketDeltaCount\":1,"
						      "\"ingressInterface\":4,"
						      "\"egressInterface\":5,\"sflow."
						      "discardReason\":258,\"sflow.drops\":3}}\n");
}

static void counters_and_repeated_structures(void **state)
{
	struct packet p = { 0 };
	const struct decode_counters *counters = decoder_counters(((struct fixture *)*state)->dec);
	size_t sample;

	packet_sflow(&p, 1, 2);
	packet_u32(&p, 2);
	sample = packet_open(&p);
	packet_hex(&p, "0000000c 00000003 00000006");
	record_of(&p, 1001, "00000001 ffffffff 00000002 0000000100000000 ffffffffffffffff");
	record_of(&p, 1003, "00000000 00000040");
	record_of(&p, 1003, "00000001 00000040");
	record_of(&p, 2001, "00000002 00000001 00000001 020000000001 0000 00000002 00000000");
	record_of(&p, 2003, "3f800000 00000000 7fc00000");
	record_of(&p, 3001, "fffffff6");
	packet_shut(&p, sample);
	packet_u32(&p, 4);
	sample = packet_open(&p);
	packet_hex(&p, "0000000d 00000003 00000001 00000002");
	record_of(&p, 1005, "00000005 65746830 00000000");
	record_of(&p, 2000,
		  "00000002 68310000 000102030405060708090a0b0c0d0e0f 00000003 00000002"
		  "00000002 c3280000");
	packet_shut(&p, sample);
	expect(
	    *state, &p, DECODE_OK,
	    HEAD(12, 0,
		 3) "},\"counters\":{\"processor\":{\"5s_cpu\":1,\"5m_cpu\":2,"
		    "\"total_memory\":4294967296},\"queue_length\":{\"queueIndex\":0,"
		    "\"segmentSize\":64}}}\n" HEAD(
			12, 0,
			3) "},\"counters\":{\"queue_length\":{\"queueIndex\":1,\"segmentSize\":64},"
			   "\"host_adapters\":{\"adapters\":[{\"ifIndex\":1,\"mac_addresses\":"
			   "[\"02:00:00:00:00:01\"]},{\"ifIndex\":2,\"mac_addresses\":[]}]},"
			   "\"host_cpu\":{\"load_one\":1,\"load_five\":0},\"temperature\":{"
			   "\"minimum\":-10}}}"
			   "\n" HEAD(13, 3, 1) "},\"counters\":{\"port_name\":{\"name\":\"eth0\"},"
					       "\"host_descr\":{"
					       "\"hostname\":\"h1\",\"uuid\":"
					       "\"000102030405060708090a0b0c0d0e0f\","
					       "\"machine_type\":3,\"os_name\":2,\"os_release\":"
					       "\"\xef\xbf\xbd(\"}}}\n");
	assert_int_equal(counters->counter_samples, 2);
	assert_int_equal(counters->records[PROTO_SFLOW5], 0);
}

static void lengths_that_lie(void **state)
{
	struct fixture *f = *state;
	const struct decode_counters *counters = decoder_counters(f->dec);
	struct packet record = { 0 }, over = { 0 }, count = { 0 }, unknown = { 0 };
	size_t sample;

	/* a record longer than its sample is not read; the next sample is whole */
	packet_sflow(&record, 1, 2);
	sample = packet_sflow_flow(&record, 1);
	packet_hex(&record, "000003e9 00000010 00000001");
	packet_shut(&record, sample);
	sample = packet_sflow_flow(&record, 0);
	packet_shut(&record, sample);
	expect(f, &record, DECODE_MALFORMED,
	       FLOW "\"packetDeltaCount\":1," SAMPLE "}}\n" FLOW "\"packetDeltaCount\":1," SAMPLE
		    "}}\n");
	assert_int_equal(counters->malformed_record, 1);

	/* a sample longer than the datagram gives what is there */
	packet_sflow(&over, 2, 1);
	packet_sflow_flow(&over, 1);
	record_of(&over, 1036, "00000007");
	over.data[35] = 0xff;
	expect(f, &over, DECODE_MALFORMED,
	       FLOW "\"packetDeltaCount\":1," SAMPLE
		    ",\"sflow.extended_egress_queue.queue\":7}}\n");
	assert_int_equal(counters->malformed_sample, 1);
	assert_non_null(f->report.problem.reason);

	/* fewer samples than told */
	packet_sflow(&count, 3, 0xffffffff);
	sample = packet_sflow_flow(&count, 0);
	packet_shut(&count, sample);
	expect(f, &count, DECODE_MALFORMED, FLOW "\"packetDeltaCount\":1," SAMPLE "}}\n");

	/* samples of unknown format, and octets behind the last */
	packet_sflow(&unknown, 4, 2);
	record_of(&unknown, 0x7ff001, "01020304");
	sample = packet_sflow_flow(&unknown, 0);
	packet_shut(&unknown, sample);
	packet_hex(&unknown, "ffffffff");
	expect(f, &unknown, DECODE_OK, FLOW "\"packetDeltaCount\":1," SAMPLE "}}\n");
	assert_int_equal(counters->skipped_structures, 1);
}

static void many_records(void **state)
{
	struct fixture *f = *state;
	struct packet p = { 0 };
	size_t sample;

	packet_sflow(&p, 1, 1);
	sample = packet_sflow_flow(&p, 130);
	for (int i = 0; i < 130; i++)
		record_of(&p, 1036, "00000007");
	packet_shut(&p, sample);
	assert_int_equal(deliver(f, p.data, p.len), DECODE_MALFORMED);
	assert_non_null(strstr(f->out, "\"sflow.2.extended_egress_queue.queue\":7"));
	assert_non_null(strstr(f->out, "\"sflow.128.extended_egress_queue.queue\":7}}"));
	assert_int_equal(decoder_counters(f->dec)->malformed_record, 1);
}

static void agents(void **state)
{
	struct fixture *f = *state;
	struct packet six = { 0 }, none = { 0 }, garbage = { 0 };

	packet_hex(&six, "00000005 00000002 20010db8000000000000000000000001"
			 "00000000 00000001 00000001 00000001");
	packet_shut(&six, packet_sflow_flow(&six, 0));
	assert_int_equal(deliver(f, six.data, six.len), DECODE_OK);
	assert_non_null(strstr(f->out, "\"exporter\":\"2001:db8::1\""));

	packet_hex(&none, "00000005 00000000 00000000 00000001 00000001 00000001");
	packet_shut(&none, packet_sflow_flow(&none, 0));
	assert_int_equal(deliver(f, none.data, none.len), DECODE_OK);
	assert_non_null(strstr(f->out, "\"exporter\":\"198.51.100.1\""));

	packet_hex(&garbage, "00000005 00000009 00000000 00000001 00000001 00000001 00000000");
	expect(f, &garbage, DECODE_MALFORMED, "");
	assert_int_equal(decoder_counters(f->dec)->malformed_header, 1);
	expect(f, &(struct packet){ .data = { 0, 0, 0, 5, 0, 0, 0, 1 }, .len = 8 }, DECODE_SHORT,
	       "");
}

/* The line that tells of an agent has the rate of its samples. */
static void an_agent_has_the_rate_of_its_samples(void **state)
{
	struct fixture *f = *state;
	struct packet p = { 0 };

	packet_sflow(&p, 1, 1);
	packet_shut(&p, packet_sflow_flow(&p, 0));
	assert_int_equal(deliver(f, p.data, p.len), DECODE_OK);
	f->sink.cur = f->out;
	decoder_tick(f->dec, RECEIVED_MS + 60000, &f->sink);
	*f->sink.cur = '\0';
	assert_non_null(strstr(f->out, "\"exporter\":{"));
	assert_non_null(strstr(f->out, "\"sampling_rate\":256,"));
}

static void lost_datagrams_are_counted_by_agent(void **state)
{
	struct fixture *f = *state;
	struct packet p;

	for (uint32_t seq = 1; seq < 40; seq += seq == 3 ? 3 : 1) {
		p = (struct packet){ 0 };
		packet_sflow(&p, seq, 0);
		assert_int_equal(deliver(f, p.data, p.len), DECODE_OK);
	}
	assert_int_equal(decoder_counters(f->dec)->lost, 2);
}

/* Every structure of the table, filled with each of a few octets and cut everywhere, is JSON and
 * fits its room. */
static void every_structure_at_every_length(void **state)
{
	static const uint8_t fills[] = { 0x00, 0x01, 0x7f, 0xff };
	const size_t flags = JSON_REJECT_DUPLICATES | JSON_DECODE_INT_AS_REAL; /* 2^64 - 1 */
	struct fixture *f = *state;

	for (uint32_t tag = 1; tag < 3100; tag++) {
		for (size_t i = 0; i < sizeof(fills) * 2; i++) {
			struct packet p = { 0 };
			size_t sample, record;

			packet_sflow(&p, 1, 1);
			if (i < sizeof(fills)) {
				sample = packet_sflow_flow(&p, 1);
			} else {
				packet_u32(&p, 2);
				sample = packet_open(&p);
				packet_hex(&p, "00000001 00000001 00000001");
			}
			packet_u32(&p, tag);
			record = packet_open(&p);
			packet_fill(&p, fills[i % sizeof(fills)], tag % 64 + tag % 7 * 40);
			packet_shut(&p, record);
			packet_shut(&p, sample);
			(void)deliver(f, p.data, p.len);
			for (char *line = f->out, *end; *line; line = end + 1) {
				json_error_t error;
				json_t *json;

				end = strchr(line, '\n');
				*end = '\0';
				json = json_loads(line, flags, &error);
				if (!json)
					fail_msg("format %u: %s: %s", tag, error.text, line);
				json_decref(json);
			}
		}
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(sampled_header),
		TEST(extended_records),
		TEST(header_takes_the_names_first),
		TEST(interfaces_and_expanded_samples),
		TEST(counters_and_repeated_structures),
		TEST(lengths_that_lie),
		TEST(many_records),
		TEST(agents),
		TEST(an_agent_has_the_rate_of_its_samples),
		TEST(lost_datagrams_are_counted_by_agent),
		TEST(every_structure_at_every_length),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
