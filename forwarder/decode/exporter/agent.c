/* SPDX-License-Identifier: Apache-2.0
 * Whom an sFlow datagram is of: the agent that it names, or its sender. */
#include "forwarder/decode/exporter/agent.h"

#include "forwarder/decode/core/cursor.h"
#include "forwarder/decode/core/problem.h"
#include "forwarder/decode/exporter/exporter.h"

#define BOUND_MS 3600000 /* so long after its last datagram an agent is its sender's */

bool agent_can_be(const struct decoder *dec, const struct ip *agent)
{
	if (dec->settings.no_agents)
		return false;
	if (ip_is_v4(agent)) /* 127.0.0.0/8, 0.0.0.0/8 (RFC 6890) */
		return agent->b[12] != 127 && agent->b[12] != 0;
	static const uint8_t zeros[15];
	return memcmp(agent->b, zeros, sizeof(zeros)) != 0 || agent->b[15] > 1; /* ::, ::1 */
}

static bool is_of_another(const struct exporter *agent, const struct datagram *dgram)
{
	return agent && agent->agent_ms && dgram->received_ms < agent->agent_ms + BOUND_MS &&
	       !ip_equal(&agent->agent_of, &dgram->src);
}

const struct ip *agent_exporter(struct decoder *dec, const struct datagram *dgram,
				const struct ip *agent)
{
	if (ip_equal(agent, &dgram->src) || !agent_can_be(dec, agent))
		return &dgram->src;
	if (!is_of_another(exporter_find(dec, agent, 0), dgram))
		return agent;
	dec->counters.foreign_agents++;
	notice_of(
	    dec,
	    "names an sFlow agent that other datagrams come from: it counts as an exporter of "
	    "its own",
	    agent);
	return &dgram->src;
}

void agent_bind(struct exporter *exporter, const struct datagram *dgram)
{
	exporter->agent_of = dgram->src;
	exporter->agent_ms = dgram->received_ms;
}

struct ip agent_read(struct cursor *in, const struct ip *sender, uint32_t *ret_type)
{
	const uint8_t *bytes;

	*ret_type = cursor_u32(in);
	if (*ret_type == 0 || *ret_type > 2)
		return *sender;
	bytes = cursor_take(in, *ret_type == 1 ? 4 : 16);
	if (!bytes)
		return *sender;
	return *ret_type == 1 ? ip_from_v4(bytes) : ip_from_v6(bytes);
}
