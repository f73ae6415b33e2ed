# SPDX-License-Identifier: Apache-2.0
"""What truly was sent in the steps of a chart, and what a chart may show of it, given that a record's octets stand where it ends."""
import collections

import rig

TIMEOUT_MS = rig.ACTIVE_TIMEOUT[1]
ROUNDED = 1e-6


class Course:
	"""What was sent in steps of STEP, each record's octets evenly over its life: in a step itself; at least, in records that ended in it for certain; at most, in it and in the
	time before that its records may tell of."""

	def __init__(self, step):
		self.step, self.true, self.low, self.high = step, collections.Counter(), collections.Counter(), collections.Counter()

	def add(self, start, stop, amount):
		stop = max(stop, start + 1)
		for t in range(start // self.step * self.step, stop + TIMEOUT_MS, self.step):
			for counter, a, b in ((self.true, t, t + self.step), (self.low, t, t + self.step - TIMEOUT_MS), (self.high, t - TIMEOUT_MS, t + self.step)):
				common = min(b, stop) - max(a, start)
				if common > 0:
					counter[t] += amount * common / (stop - start)

	def fits(self, t, shown):
		"""May a chart show so much in the step from T on?"""
		return self.low[t] * (1 - ROUNDED) - 1 <= shown <= self.high[t] * (1 + ROUNDED) + 1
