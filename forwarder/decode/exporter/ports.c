/* SPDX-License-Identifier: Apache-2.0
 * The source ports of a domain, and how numbers and boot times go on by them. */
#include "forwarder/decode/exporter/ports.h"

#include <stdlib.h>

#include "forwarder/decode/core/memory.h"
#include "forwarder/decode/template/template.h"

#define EVIDENCE_MAX 8
#define PROVEN       4    /* evidence for several devices, from here on */
#define BOOT_MS      3000 /* boot times that are so near are one: export times are whole seconds */

struct port {
	uint16_t port;
	bool defines;          /* templates */
	bool flows;            /* sent some */
	bool counted;          /* what follows is known */
	uint32_t seq, records; /* of its last datagram */
	int64_t boot_ms;       /* INT64_MIN: not known */
	uint64_t seen;         /* which datagram of several ports that was */
};

struct ports {
	uint32_t len, now, before; /* now: the port at hand; before: of the datagram before */
	uint64_t datagrams;
	int8_t evidence; /* above 0: several devices; below: one */
	struct port port[PORTS_MAX];
};

/* ---- the ports of a domain ---- */

static struct ports *ports_new(struct decoder *dec, struct domain *base)
{
	struct ports *ports;
	if (!memory_take(dec, base->exporter, sizeof(*ports)))
		return NULL;
	ports = calloc(1, sizeof(*ports));
	if (!ports) {
		memory_return(dec, base->exporter, sizeof(*ports));
		return NULL;
	}
	/* What was there is of the first port: its bit is 1 (template_add). */
	ports->port[0] = (struct port){ .port = base->port,
					.defines = base->own.templates,
					.flows = base->now.records,
					.boot_ms = INT64_MIN };
	if (base->own.sequence.started) {
		ports->port[0].counted = true;
		ports->port[0].seq = base->own.sequence.last_seq;
		ports->port[0].records = base->own.sequence.last_records;
		if (base->own.sequence.uptime_ms)
			ports->port[0].boot_ms = (int64_t)base->own.sequence.exported_ms -
						 (int64_t)base->own.sequence.uptime_ms;
	}
	ports->len = 1;
	base->ports = ports;
	return ports;
}

void ports_free(struct decoder *dec, struct domain *dom)
{
	if (dom->ports)
		memory_return(dec, dom->exporter, sizeof(*dom->ports));
	free(dom->ports);
	dom->ports = NULL;
}

static struct port *port_find(struct ports *ports, uint16_t port)
{
	for (uint32_t i = 0; i < ports->len; i++)
		if (ports->port[i].port == port)
			return &ports->port[i];
	return NULL;
}

bool ports_sends_flows(const struct domain *base, uint16_t port)
{
	if (!base->ports)
		return base->port == port && base->now.records;
	const struct port *p = port_find(base->ports, port);
	return p && p->flows;
}

/* A place for a new port: the one that was silent for longest goes. */
static struct port *port_place(struct decoder *dec, struct domain *base)
{
	struct ports *ports = base->ports;
	if (ports->len < PORTS_MAX)
		return &ports->port[ports->len++];
	uint32_t oldest = 0;
	for (uint32_t i = 1; i < PORTS_MAX; i++)
		if (ports->port[i].seen < ports->port[oldest].seen)
			oldest = i;
	if (ports->port[oldest].defines)
		template_disown(dec, &base->own, 1ull << oldest);
	return &ports->port[oldest];
}

bool ports_see(struct decoder *dec, struct domain *base, uint16_t number)
{
	struct ports *ports = base->ports;
	if (!ports && base->port == number) {
		dec->ctx.port_bit = 1;
		return base->now.datagrams > 0;
	}
	if (!ports)
		ports = ports_new(dec, base);
	if (!ports) {
		dec->ctx.port_bit = 0;
		return false;
	}
	struct port *p = port_find(ports, number);
	bool came_again = p;
	if (!p) {
		p = port_place(dec, base);
		*p = (struct port){ .port = number, .boot_ms = INT64_MIN };
	}
	p->seen = ++ports->datagrams;
	ports->before = ports->now;
	ports->now = (uint32_t)(p - ports->port);
	dec->ctx.port_bit = 1ull << ports->now;
	return came_again;
}

uint64_t ports_bit(const struct domain *base, uint16_t number)
{
	if (!base->ports)
		return base->port == number;
	const struct port *p = port_find(base->ports, number);
	return p ? 1ull << (p - base->ports->port) : 0;
}

void ports_note_definition(struct domain *base)
{
	if (base->ports)
		base->ports->port[base->ports->now].defines = true;
}

/* ---- evidence ---- */

/* Does a datagram that counts `own` records follow one of `port`? In the unit of its protocol, or
 * (`loose`) in any of sequence.h. */
static bool follows(const struct port *port, uint32_t seq, uint32_t own, bool of_datagrams,
		    bool loose)
{
	uint32_t step = seq - port->seq;
	if (!port->counted || !step)
		return false;
	bool one = step == 1, records = step == port->records || step == own;
	return loose ? one || records : of_datagrams ? one : records;
}

static bool boots_with(const struct port *port, int64_t boot_ms)
{
	return port->boot_ms != INT64_MIN && boot_ms != INT64_MIN &&
	       llabs(port->boot_ms - boot_ms) <= BOOT_MS;
}

static int64_t boot_of(const struct decoder *dec, uint32_t uptime_ms)
{
	return uptime_ms ? (int64_t)dec->ctx.exported_ms - (int64_t)uptime_ms : INT64_MIN;
}

bool ports_goes_on(const struct decoder *dec, const struct domain *base, uint32_t seq,
		   uint32_t uptime_ms)
{
	const struct ports *ports = base->ports;
	if (!ports || !ports->port[ports->now].counted)
		return false;
	const struct port *p = &ports->port[ports->now];
	return uptime_ms ? boots_with(p, boot_of(dec, uptime_ms)) : (int32_t)(seq - p->seq) >= 0;
}

/* The port at hand is another one than before: does it go on where it was, or where the other one
 * was? */
static int weigh(const struct port *p, const struct port *before, uint32_t seq, uint32_t own,
		 bool of_datagrams, int64_t boot_ms)
{
	bool alone = follows(p, seq, own, of_datagrams, false);
	bool in_row = follows(before, seq, own, of_datagrams, true);
	bool own_boot = boots_with(p, boot_ms);
	bool other_boot =
	    before->boot_ms != INT64_MIN && boot_ms != INT64_MIN && !boots_with(before, boot_ms);
	if ((alone && !in_row) || (own_boot && other_boot))
		return 1;
	return in_row && !alone && !other_boot ? -1 : 0;
}

void ports_note(struct decoder *dec, struct domain *base, uint32_t seq, uint32_t records,
		uint32_t own, uint32_t uptime_ms)
{
	struct ports *ports = base->ports;
	struct port *p = &ports->port[ports->now], *before = &ports->port[ports->before];
	int64_t boot_ms = boot_of(dec, uptime_ms);
	bool of_datagrams = base->protocol == PROTO_NETFLOW9 || base->protocol == PROTO_SFLOW5;
	if (p != before) {
		int evidence = ports->evidence + weigh(p, before, seq, own, of_datagrams, boot_ms);
		if (evidence >= -EVIDENCE_MAX && evidence <= EVIDENCE_MAX)
			ports->evidence = (int8_t)evidence;
	}
	p->counted = true;
	p->flows |= own > 0;
	p->seq = seq;
	p->records = records;
	p->boot_ms = boot_ms;
}

bool ports_prove_several(const struct domain *base)
{
	return base->ports && base->ports->evidence >= PROVEN;
}

bool ports_prove_one(const struct domain *base)
{
	return base->ports && base->ports->evidence <= -PROVEN;
}
