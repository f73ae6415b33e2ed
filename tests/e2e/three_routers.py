# SPDX-License-Identifier: Apache-2.0
"""Packets on a path of three routers, what each router meters and exports of them, and a ledger of all of it.

	clients --1 nat 2----1 core 2----1 edge 2-- carrier A
	                       3              3---- carrier B
	                     servers

The ledger knows the packets that really were, and of each flow record what became of it; it is made without a line of what it checks.
"""
import collections
import random
import socket

import exporters
import routers
from routers import Flow, Router

SPAN_S = 120		# of traffic
LOSS = UNEXPORTED = 0.05	# of datagrams, of records
INTERNET, SERVERS, TRANSIT = 60, 35, 35	# conversations: along the whole path; core alone; edge alone

ADDRESSES = [(8, 4), (12, 4), (7, 2), (11, 2), (4, 1), (10, 4), (14, 4), (61, 1)]
NETFLOW = exporters.Template(260, ADDRESSES + [(1, 4), (2, 4), (22, 4), (21, 4)])
SAMPLED = exporters.Template(261, NETFLOW.fields + [(48, 1)])
TRANSLATED = exporters.Template(263, ADDRESSES + [(1, 8), (2, 8), (152, 8), (153, 8), (225, 4), (226, 4), (227, 2), (228, 2)])

Conversation = collections.namedtuple("Conversation", "number hops inside outside server start seconds packets")

ALL = (1, 2, 3)
ROUTERS = [	# name, address, version, templates, one packet in so many, interfaces metered on ingress and egress, domain of an interface, how far the clock is off
	Router("nat", "127.0.0.11", 10, {4: TRANSLATED}, 1, ALL, (1, 2), lambda interface: 1, -3600),
	Router("core", "127.0.0.12", 9, {4: SAMPLED}, 100, ALL, ALL, lambda interface: 256 + interface % 2, 0),
	Router("edge", "127.0.0.13", 9, {4: NETFLOW}, 1, ALL, (2,), lambda interface: 0, 0),
]


def conversations(rnd):
	for number in range(INTERNET + SERVERS + TRANSIT):
		sport, carrier = rnd.randrange(32768, 61000), rnd.choice((2, 3))
		server = (f"203.0.113.{rnd.randrange(1, 25)}", rnd.choice((443, 443, 22, 25)))
		if number < INTERNET:
			hops = {"nat": (1, 2), "core": (1, 2), "edge": (1, carrier)}
			inside, outside = (f"10.1.0.{rnd.randrange(1, 25)}", sport), ("198.51.100.7", 20000 + number)
		else:
			hops = {"core": (1, 3)} if number < INTERNET + SERVERS else {"edge": (3, 2)}
			inside = outside = (f"198.51.100.{rnd.randrange(64, 80)}", sport)
		count = [max(2, int(30000 ** rnd.random() * scale)) for scale in (0.5, 1)]
		yield Conversation(number, hops, inside, outside, server, rnd.uniform(0, SPAN_S), rnd.uniform(0.5, 70), count)


def flow(router, c, back):
	"""How a router sees the conversation's packets of that direction."""
	near = c.inside if router.name == "nat" else c.outside
	input, output = c.hops[router.name][::-1] if back else c.hops[router.name]
	if not back:
		return Flow(c.number, near, c.server, (c.outside, c.server), input, output)
	return Flow(c.number, c.server, c.outside, (c.server, near), input, output)


def packets(rnd):
	"""(time, [(router, flow)], octets) in order, as far as they are within SPAN_S."""
	out = []
	for c in conversations(rnd):
		for back, count in enumerate(c.packets):
			path = [(r, flow(r, c, back)) for r in ROUTERS if r.name in c.hops]
			out += [(c.start + rnd.random() * c.seconds, path, rnd.choice((40, 52, 576, 1500))) for _ in range(count)]
	return sorted((p for p in out if p[0] < SPAN_S), key=lambda p: p[0])


def generate(began, seed):
	"""routers.generate() of these; the traffic lasts from BEGAN for SPAN_S seconds."""
	rnd = random.Random(seed)
	return routers.generate(ROUTERS, packets(rnd), began, rnd, SPAN_S, LOSS, UNEXPORTED)


def send(datagrams, port):
	"""From the routers' own addresses, which are all this machine's."""
	sockets = {}
	for router in ROUTERS:
		sockets[router.name] = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
		sockets[router.name].bind((router.address, 0))
	for router, _, datagram in datagrams:
		sockets[router.name].sendto(datagram, ("127.0.0.1", port))
	for s in sockets.values():
		s.close()
