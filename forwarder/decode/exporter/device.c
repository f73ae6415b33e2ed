/* SPDX-License-Identifier: Apache-2.0
 * Several devices behind one address (NAT, the gateway of containers), told apart by their source
 * ports. */
#include "forwarder/decode/exporter/device.h"

#include "forwarder/decode/core/problem.h"
#include "forwarder/decode/exporter/exporter.h"
#include "forwarder/decode/exporter/held.h"
#include "forwarder/decode/exporter/learnt.h"
#include "forwarder/decode/exporter/ports.h"
#include "forwarder/decode/exporter/session.h"
#include "forwarder/decode/template/template.h"

#define EVICT_MS 60000 /* a device that is silent so long makes room */

/* When a device was heard last. */
static uint64_t device_seen(const struct exporter *device)
{
	uint64_t seen_ms = 0;
	for (const struct domain *dom = device->domains; dom; dom = dom->sibling)
		if (dom->last_seen_ms > seen_ms)
			seen_ms = dom->last_seen_ms;
	return seen_ms;
}

static bool device_make_room(struct decoder *dec, struct exporter *root, uint64_t now_ms)
{
	struct exporter *oldest = NULL;
	uint64_t oldest_ms = now_ms > EVICT_MS ? now_ms - EVICT_MS : 0;
	if (root->devices < PORTS_MAX)
		return true;
	for (struct exporter *e = root->device; e; e = e->device) {
		uint64_t seen_ms = device_seen(e);
		if (seen_ms < oldest_ms) {
			oldest = e;
			oldest_ms = seen_ms;
		}
	}
	if (oldest)
		exporter_drop(dec, oldest);
	return oldest;
}

/* The domain of the device that sends from `port` instead of `base`; NULL: there is no room. */
static struct domain *device_domain(struct decoder *dec, struct domain *base, uint16_t port,
				    uint64_t now_ms)
{
	struct domain_key key = domain_key(base);
	struct exporter *root = base->exporter;
	key.port = port;
	base->last_seen_ms = now_ms;
	struct domain *dom = domain_find(dec, &key);
	if (dom)
		return dom;
	bool known = exporter_find(dec, &root->address, port);
	dec->ctx.domain = base; /* which does not make room for it */
	if (!known && !device_make_room(dec, root, now_ms)) {
		dec->counters.devices_refused++;
		return NULL;
	}
	dom = domain_get(dec, &key);
	if (!dom)
		return NULL;
	dom->last_seen_ms = now_ms;
	if (!known) {
		dec->counters.devices_split++;
		notice_of(dec,
			  "several devices send from this address: they are told apart by their "
			  "ports, of which this is one",
			  &root->address);
	}
	template_inherit(dec, &base->own, &dom->own, ports_bit(base, port));
	learnt_inherit(dec, base, dom, port);
	held_move(dec, &base->own, &dom->own, port);
	return dom;
}

/* By what was sent before, is the port that of one of several devices? */
static bool is_device(struct decoder *dec, struct domain *base, uint16_t port)
{
	const struct exporter *root = base->exporter;
	bool came_again = ports_see(dec, base, port);
	if (!root->devices)
		return came_again && ports_prove_several(base);
	return came_again || exporter_find(dec, &root->address, port);
}

struct domain *device_route(struct decoder *dec, struct domain *base, const struct datagram *dgram)
{
	dec->ctx.port_bit = 1;
	if (!base->port)
		base->port = dgram->port;
	if (__builtin_expect(base->port == dgram->port && !base->ports && !base->exporter->devices,
			     1))
		return base;
	if (!dgram->port || !is_device(dec, base, dgram->port))
		return base;
	struct domain *dom = device_domain(dec, base, dgram->port, dgram->received_ms);
	if (!dom)
		return base;
	dec->ctx.port_bit = 0;
	return dom;
}

struct session *device_session(struct decoder *dec, const struct datagram *dgram,
			       enum protocol protocol, uint32_t id)
{
	const struct ip *src = &dgram->src;
	const struct domain_key key = { src, src, src, protocol, id, dgram->stream != NULL, 0 };
	struct domain *base = domain_get(dec, &key);
	if (!base)
		return NULL;
	if (!dgram->stream)
		return &device_route(dec, base, dgram)->own;
	dec->ctx.port_bit = 1;
	return session_get(dec, base, dgram->stream);
}

/* From now on the datagram at hand is of that domain. */
static void context_move(struct decoder *dec, struct domain *dom)
{
	struct domain *base = dec->ctx.domain;
	size_t len = dec->ctx.dgram->len;
	base->now.datagrams--;
	base->now.bytes -= len;
	dom->now.datagrams++;
	dom->now.bytes += len;
	dom->clock_skew_ms = base->clock_skew_ms;
	dec->ctx.domain = dom;
	dec->ctx.session = &dom->own;
	dec->ctx.port_bit = 0;
}

static bool port_to_device(struct decoder *dec)
{
	struct domain *base = dec->ctx.domain;
	struct domain *dom = device_domain(dec, base, dec->ctx.port, dec->ctx.received_ms);
	dec->ctx.domain = base;
	if (dom)
		context_move(dec, dom);
	return dom;
}

bool device_prove(struct decoder *dec, uint16_t id)
{
	struct domain *base = dec->ctx.domain;
	if (!base->ports || ports_prove_one(base) ||
	    !template_is_aside(&base->own, id, dec->ctx.port_bit))
		return false;
	return port_to_device(dec);
}

bool device_defines(struct decoder *dec)
{
	struct domain *base = dec->ctx.domain;
	if (base->stream)
		return false;
	ports_note_definition(base);
	return base->exporter->devices && dec->ctx.port && port_to_device(dec);
}
