/* SPDX-License-Identifier: Apache-2.0
 * Several devices behind one address (NAT, the gateway of containers), told apart by their source
 * ports.
 *
 * A port is no device by itself: some exporters take another one for each datagram, and the line
 * cards of a router send from ports of their own. So state is the address's until it is proven
 * that several send from there: a port comes back, after another one defined a template anew, with
 * data or a template of that id; or numbers or boot times go on by port and not in the row in which
 * datagrams come. Numbers that do go on in that row prove the opposite.
 *
 * Then every port of the address that comes again is a device: a `struct exporter` of its own with
 * its own domains, which have what the port itself defined. What a device says is the address's,
 * too, for ports that define nothing: a template unless two devices disagree about its id (then the
 * data of such a port waits), names and rates unless they disagree, or the one who said it sends
 * flows himself.
 *
 * Over TCP ports prove nothing: templates and numbers are of a connection anyway (session.h).
 *
 * At most PORTS_MAX devices an address; one that was silent for a minute makes room for another,
 * and after an hour it is forgotten. */
#ifndef EF_DECODE_DEVICE_H
#define EF_DECODE_DEVICE_H

#include "forwarder/decode/core/decoder.h"

/* The session of a datagram of NetFlow or IPFIX: that of its TCP connection, over UDP the domain's
 * own. NULL as domain_get(). Sets ctx.port_bit. */
struct session *device_session(struct decoder *dec, const struct datagram *dgram,
			       enum protocol protocol, uint32_t id);
/* Whose datagram it is: `base`, or the domain of the device that sends from its port. Sets
 * ctx.port_bit. */
struct domain *device_route(struct decoder *dec, struct domain *base, const struct datagram *dgram);
/* The port at hand has data or a template of `id`, which another one defined anew. True: it is a
 * device's, whose domain is the one at hand now (context_head() is to be called). */
bool device_prove(struct decoder *dec, uint16_t id);
/* The datagram at hand defines templates. True: there are several devices behind its address, so it
 * is of one, whose domain is the one at hand now. */
bool device_defines(struct decoder *dec);

#endif
