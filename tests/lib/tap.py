# SPDX-License-Identifier: Apache-2.0
"""TAP for test scripts: `ok(...)`, `same(...)`, `skip(...)`, and `done()` as the last call."""
import json
import sys

import blind

blind.become()

_count = 0
_failed = 0


def note(text):
	"""Diagnostics: lines that a reader of a failure wants to see."""
	for line in str(text).splitlines():
		print("# " + line, flush=True)


def ok(good, name, detail=""):
	"""One test point; DETAIL is shown when it fails. Returns whether it was good."""
	global _count, _failed
	_count += 1
	_failed += not good
	print(f"{'ok' if good else 'not ok'} {_count} - {name}".replace("#", "no."), flush=True)
	if not good and detail != "":
		note(detail)
	return bool(good)


def same(got, want, name):
	"""GOT equals WANT; shows both when not."""
	def text(v):
		return v if isinstance(v, str) else json.dumps(v, sort_keys=True, default=str)
	return ok(got == want, name, f"got  {text(got)}\nwant {text(want)}")


def skip(name, why):
	global _count
	_count += 1
	print(f"ok {_count} - {name} # SKIP {why}", flush=True)


def skip_all(why):
	"""The whole program cannot run here: say why and leave."""
	print(f"1..0 # SKIP {why}")
	sys.exit(77)


def done():
	"""Print the plan and leave with 0, or 1 when a point failed."""
	print(f"1..{_count}")
	sys.exit(1 if _failed else 0)
