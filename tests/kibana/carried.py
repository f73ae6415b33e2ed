# SPDX-License-Identifier: Apache-2.0
"""What an interface carried, from the rows of a ledger: in and out of it, whichever side of a record names it."""
import math

STEP_MS = 300000
SIDES = ("flow.ingress", "flow.egress")
NOBODY = math.inf	# slower than which is an interface whose speed nobody told


def parts(row):
	"""(interface, what came in, what went out) of each side that ROW names: a record of both directions has what went the other way, too."""
	for at, side in enumerate(SIDES):
		if side + ".interface" in row:
			there, back = row.get(side + ".bytes", 0), row.get(side + ".reverse_bytes", 0)
			yield row[side + ".interface"], *((there, back) if at == 0 else (back, there))


def totals(rows, wanted=None):
	"""(in, out) of WANTED, or of all interfaces together."""
	of = [p for r in rows for p in parts(r) if wanted in (None, p[0])]
	return sum(p[1] for p in of), sum(p[2] for p in of)


def busiest(rows):
	"""The interface with the most bytes both ways; of equals the slower line, then by name. None where there is no interface."""
	by, speed = {}, {}
	for r in rows:
		for name, came, went in parts(r):
			by[name] = by.get(name, 0) + came + went
		for side in SIDES:
			if side + ".interface" in r:
				name = r[side + ".interface"]
				speed[name] = min(speed.get(name, NOBODY), r.get(side + ".speed", NOBODY))
	return min(by, key=lambda n: (-by[n], speed[n], n), default=None)


def five_minutes(rows, name, from_ms, to_ms):
	"""Bits per second of each five minutes of the range: ([in], [out])."""
	sums = [[0] * math.ceil((to_ms + 1 - from_ms) / STEP_MS) for _ in "io"]
	for r in rows:
		for interface, *amounts in parts(r):
			for way, amount in zip(sums, amounts):
				if interface == name:
					way[(r["@timestamp"] - from_ms) // STEP_MS] += amount
	return [[s * 8000 / STEP_MS for s in way] for way in sums]
