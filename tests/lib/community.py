# SPDX-License-Identifier: Apache-2.0
"""Community id, version 1, by its specification (github.com/corelight/community-id-spec): the tests' own, to hold the pipeline's against."""
import base64
import hashlib
import ipaddress
import struct

PORTED = {6, 17, 132}
PAIRS = {1: {8: 0, 0: 8, 13: 14, 14: 13, 15: 16, 16: 15, 10: 9, 9: 10, 17: 18, 18: 17}, 58: {128: 129, 129: 128, 135: 136, 136: 135, 133: 134, 134: 133}}


def community_id(protocol, a, b, p=None, q=None):
	"""Of a flow from `a` to `b`; `p` and `q` are its ports, or ICMP's type and code."""
	a, b = (ipaddress.ip_address(x).packed for x in (a, b))
	one_way = False
	if protocol in PAIRS:
		one_way = p not in PAIRS[protocol]
		q = q if one_way else PAIRS[protocol][p]
	elif protocol not in PORTED:
		p = q = None
	if not one_way and (b, q or 0) < (a, p or 0):
		a, b, p, q = b, a, q, p
	tail = b"" if p is None else struct.pack("!HH", p, q)
	return "1:" + base64.b64encode(hashlib.sha1(struct.pack("!H", 0) + a + b + bytes((protocol, 0)) + tail).digest()).decode()
