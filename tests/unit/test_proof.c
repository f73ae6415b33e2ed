/* SPDX-License-Identifier: Apache-2.0
 * What a reply proves of each data stream, and for how long. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "forwarder/ship/proof.h"

#define FLOW  (LANE_FIRST + LINE_FLOW)
#define BODY  "{\"create\":{\"_index\":\"logs-acme.flow-ns\"}}\n{}\n"
#define PLACE "\"_index\":\".ds-logs-acme.flow-ns-2026.01.01-000001\""

static const struct ship_settings ship = { .setup_check = true };

struct rig {
	struct shipper *s;
	struct sender sender;
	struct parcel *p;
	struct bulk_verdicts v;
};

static void rig_init(struct rig *r)
{
	memset(r, 0, sizeof(*r));
	assert_non_null(r->s = calloc(1, sizeof(*r->s)));
	r->s->ship = &ship;
	pthread_mutex_init(&r->s->lock, NULL);
	pthread_cond_init(&r->s->change, NULL);
	lanes_init(&r->s->lanes, "acme", "ns");
	r->sender = (struct sender){ .s = r->s, .gz = gzip_new() };
	struct parcel p = { .raw_len = strlen(BODY) * 2, .items = 2, .proves = 1u << FLOW };
	p.gz = gzip_pack(r->sender.gz, BODY BODY, p.raw_len, &p.gz_len);
	assert_non_null(r->p = calloc(1, sizeof(p)));
	*r->p = p;
}

static void rig_release(struct rig *r)
{
	bulk_verdicts_release(&r->v);
	parcel_free(r->p);
	gzip_free(r->sender.gz);
	pthread_cond_destroy(&r->s->change);
	pthread_mutex_destroy(&r->s->lock);
	free(r->s);
}

/* A reply of two items. */
static void proof(struct rig *r, const char *one, const char *two)
{
	char reply[1024];
	struct err err = ERR_NONE;
	bool cut;
	bulk_verdicts_release(&r->v);
	snprintf(reply, sizeof(reply),
		 "{\"errors\":false,\"items\":[{\"create\":{%s}},{\"create\":{%s}}]}", one, two);
	assert_int_equal(bulk_judge(reply, strlen(reply), 2, true, &r->v, &cut, &err), 0);
	proof_read(&r->sender, r->p, &r->v);
}

static void what_a_reply_proves(void **state)
{
	(void)state;
	static const char good[] =
	    "\"status\":201," PLACE ",\"executed_pipelines\":[\"acme.flow\"]";
	static const struct {
		const char *one, *two;
		enum effect effect;
		uint32_t stored;
		bool no_list;
	} cases[] = {
		{ good, good, EFFECT_PROVEN, 2, false },
		/* ours, and then that of the place which one of the user's sent it to */
		{ good,
		  "\"status\":201,\"_index\":\".ds-logs-users-ns-2026.01.01-000001\","
		  "\"executed_pipelines\":[\"acme.flow\",\"users\"]",
		  EFFECT_PROVEN, 2, false },
		/* one after ours, which may do anything with it */
		{ good, "\"status\":201," PLACE ",\"executed_pipelines\":[\"acme.flow\",\"final\"]",
		  EFFECT_NONE, 1, false },
		/* the same where the reply does not say into which index */
		{ good, "\"status\":201,\"executed_pipelines\":[\"acme.flow\",\"final\"]",
		  EFFECT_NONE, 1, false },
		/* of an installation without the prefix */
		{ good, "\"status\":201," PLACE ",\"executed_pipelines\":[\"flow\"]", EFFECT_NONE,
		  1, false },
		{ "\"status\":201," PLACE ",\"executed_pipelines\":[]", good, EFFECT_NONE, 1,
		  false },
		{ "\"status\":201,\"_index\":\"logs-acme.flow-ns\",\"executed_pipelines\":[\"acme."
		  "flow\"]",
		  "\"status\":409,\"error\":{\"type\":\"version_conflict_engine_exception\"}",
		  EFFECT_NONE, 0, false },
		/* nothing is proven by what was there before, is refused, or dropped */
		{ "\"status\":409,\"error\":{\"type\":\"version_conflict_engine_exception\"}",
		  "\"status\":400,\"error\":{\"type\":\"mapper_parsing_exception\"}",
		  EFFECT_UNKNOWN, 0, false },
		{ "\"status\":200", "\"status\":200", EFFECT_UNKNOWN, 0, false },
		{ "\"status\":200", good, EFFECT_PROVEN, 1, false },
		/* a cluster that takes the question and does not answer it */
		{ "\"status\":201", "\"status\":201", EFFECT_UNKNOWN, 2, true },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct rig r;
		rig_init(&r);
		proof(&r, cases[i].one, cases[i].two);
		assert_int_equal(r.s->lanes.lane[FLOW].effect, cases[i].effect);
		assert_int_equal(r.v.count[VERDICT_STORED], cases[i].stored);
		assert_int_equal(r.s->no_list, cases[i].no_list);
		assert_int_equal(proof_forbids(r.s, &(struct parcel){ .lane = FLOW }),
				 cases[i].effect == EFFECT_NONE);
		rig_release(&r);
	}
}

/* What drops some of the documents is no reason to doubt what was proven; what drops all is. */
static void dropped(void **state)
{
	(void)state;
	static const char good[] =
	    "\"status\":201," PLACE ",\"executed_pipelines\":[\"acme.flow\"]";
	struct rig r;
	rig_init(&r);
	struct lane *lane = &r.s->lanes.lane[FLOW];
	proof(&r, good, good);
	for (int n = 0; n < 9; n++) {
		uint64_t before = clock_now_ms();
		proof(&r, "\"status\":200", "\"status\":200");
		assert_int_equal(lane->effect, EFFECT_PROVEN);
		assert_in_range(lane->proof_ms, before, clock_now_ms() + 5000);
	}
	proof(&r, "\"status\":200", "\"status\":200");
	assert_int_equal(lane->effect, EFFECT_UNKNOWN);
	assert_non_null(strstr(lane->doubt, "drops"));
	assert_false(proof_forbids(r.s, &(struct parcel){ .lane = FLOW }));
	proof(&r, good, "\"status\":200");
	assert_int_equal(lane->effect, EFFECT_PROVEN);
	assert_string_equal(lane->doubt, "");
	proof(&r, "\"status\":200", "\"status\":200");
	assert_int_equal(lane->effect, EFFECT_PROVEN);
	rig_release(&r);
}

static void five_minutes(void **state)
{
	(void)state;
	static const char good[] =
	    "\"status\":201," PLACE ",\"executed_pipelines\":[\"acme.flow\"]";
	struct rig r;
	rig_init(&r);
	struct lane *lane = &r.s->lanes.lane[FLOW];
	assert_int_equal(proof_open(r.s, 1u << FLOW), 1u << FLOW);
	uint64_t before = clock_now_ms();
	proof(&r, good, good);
	uint64_t after = clock_now_ms();
	assert_int_equal(proof_open(r.s, 1u << FLOW), 0);
	assert_in_range(lane->proof_ms, before + 300000, after + 300000);
	lane->proof_ms = clock_now_ms();
	assert_int_equal(proof_open(r.s, 1u << FLOW), 1u << FLOW);
	proof(&r, good, good);
	proof_forget(r.s);
	assert_int_equal(proof_open(r.s, 1u << FLOW), 1u << FLOW);
	assert_int_equal(lane->effect, EFFECT_UNKNOWN);
	rig_release(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_a_reply_proves),
		cmocka_unit_test(dropped),
		cmocka_unit_test(five_minutes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
