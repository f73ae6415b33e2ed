#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""efctl setup: the second time changes nothing, a dry run says so, and what was changed by hand is seen."""
import harness
import tap

es = harness.ready()
first = harness.efctl("setup", "--no-key", es=es)
tap.same(first.returncode, 0, "setup again: exit code")
changed = [l for l in first.stdout.splitlines() if l.startswith(("create", "update", "replace"))]
tap.ok(not changed, "setup again: nothing created or updated", "\n".join(changed))
dry = harness.efctl("setup", "--dry-run", "--no-key", es=es)
tap.same(dry.returncode, 0, "dry run on a cluster that is set up: exit code 0, no differences")

before = es.must("GET", "/_ingest/pipeline/flow-event")["flow-event"]
try:
	es.must("PUT", "/_ingest/pipeline/flow-event", {**before, "processors": before["processors"] + [
		{"set": {"field": "labels.mine", "value": "yes"}}]})
	dry = harness.efctl("setup", "--dry-run", "--no-key", es=es)
	tap.ok("flow-event" in dry.stdout + dry.stderr and "drift" in (dry.stdout + dry.stderr).lower(),
		"a pipeline changed by hand is reported as drifted", dry.stdout + dry.stderr)
	harness.efctl("setup", "--no-key", es=es)
	kept = es.must("GET", "/_ingest/pipeline/flow-event")["flow-event"]
	tap.ok(any("labels.mine" in str(p) for p in kept["processors"]), "and kept without --force")
finally:
	es.must("PUT", "/_ingest/pipeline/flow-event", before)
tap.same(harness.efctl("setup", "--dry-run", "--no-key", es=es).returncode, 0,
	"put back, the cluster is as set up")
status = harness.efctl("status", es=es)
tap.same(status.returncode, 0, "status: exit code")
tap.done()
