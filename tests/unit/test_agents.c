/* SPDX-License-Identifier: Apache-2.0
 * Whom an sFlow datagram is of: agents that are bound to a sender, claimed by others, and
 * nobody's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/lib/rig.h"
#include "forwarder/decode/tick.h"

#define HOUR_MS 3600000

static const uint8_t agent[4] = { 192, 0, 2, 9 }, nobody[4] = { 127, 0, 0, 1 };

static void sflow(const uint8_t named[4], uint32_t seq)
{
	f.wire.len = 0;
	wire_uint(&f.wire, 5, 4);
	wire_uint(&f.wire, 1, 4);
	wire_bytes(&f.wire, named, 4);
	wire_uint(&f.wire, 0, 4); /* sub-agent */
	wire_uint(&f.wire, seq, 4);
	wire_uint(&f.wire, 1000, 4);
	wire_uint(&f.wire, 0, 4); /* samples */
}

/* How many datagrams an exporter has. */
struct sought {
	struct ip address;
	uint64_t datagrams;
};

static int add_up(const struct exporter_info *info, void *arg)
{
	struct sought *sought = arg;
	if (ip_equal(&info->address, &sought->address))
		sought->datagrams += info->counts.datagrams;
	return 0;
}

static uint64_t datagrams_of(struct ip address)
{
	struct sought sought = { .address = address };
	decoder_exporters(f.dec, add_up, &sought);
	return sought.datagrams;
}

/* A poisoner who names somebody else's agent touches neither its numbers nor its losses. */
static void agents_are_bound_to_their_sender(void **state)
{
	(void)state;
	const struct ip named = ip_from_v4(agent);
	start((struct decode_limits){ 0 });
	for (uint32_t i = 1; i <= 40; i++) {
		sflow(agent, i);
		assert_int_equal(give(1), DECODE_OK);
		assert_null(f.report.notice.text);
		sflow(agent, 5000 + i * 5000);
		assert_int_equal(give(2), DECODE_OK);
		assert_non_null(f.report.notice.text);
		assert_true(ip_equal(&f.report.notice.who, &named));
	}
	assert_int_equal(datagrams_of(ip_from_v4(agent)), 40);
	assert_int_equal(datagrams_of(address(2)), 40);
	assert_int_equal(f.counters->foreign_agents, 40);
	assert_int_equal(f.counters->restarts + f.counters->lost, 0);
	stop();
}

/* An hour after its sender was heard last an agent may come from somebody else. */
static void agents_are_free_after_an_hour(void **state)
{
	(void)state;
	start((struct decode_limits){ 0 });
	sflow(agent, 1);
	give_at(1, NOW_MS);
	give_at(2, NOW_MS + HOUR_MS - 1);
	assert_int_equal(f.counters->foreign_agents, 1);
	give_at(2, NOW_MS + HOUR_MS);
	assert_int_equal(f.counters->foreign_agents, 1);
	assert_int_equal(datagrams_of(ip_from_v4(agent)), 2);
	give_at(1, NOW_MS + HOUR_MS + 1); /* now it is the other's */
	assert_int_equal(f.counters->foreign_agents, 2);
	stop();
}

/* Devices whose agent is nobody's address are as many exporters as senders. */
static void nobody_is_no_agent(void **state)
{
	(void)state;
	struct ip named;
	struct datagram d = { .src = address(1) };
	start((struct decode_limits){ 0 });
	for (uint32_t i = 0; i < 5; i++) {
		sflow(nobody, 1);
		give(i);
		assert_int_equal(datagrams_of(address(i)), 1);
	}
	assert_int_equal(f.counters->exporters_now, 5);
	d.data = f.wire.data, d.len = f.wire.len;
	assert_false(decoder_agent(f.dec, &d, &named));
	sflow(agent, 1);
	d.data = f.wire.data;
	assert_true(decoder_agent(f.dec, &d, &named));
	assert_memory_equal(named.b + 12, agent, 4);
	d.src = named; /* he names himself */
	assert_false(decoder_agent(f.dec, &d, &named));
	for (size_t len = 0; len < 12; len++) { /* cut */
		d = (struct datagram){ .data = f.wire.data, .len = len };
		assert_false(decoder_agent(f.dec, &d, &named));
	}
	stop();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(agents_are_bound_to_their_sender),
		cmocka_unit_test(agents_are_free_after_an_hour),
		cmocka_unit_test(nobody_is_no_agent),
	};
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
