#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Each patch of tests/mutants applies to the sources as they are and names the test that it fails: whether that fails is for `make mutants`."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import tap  # noqa: E402
from mutants import PATCHES, ROOT, killer, patch  # noqa: E402

wrong = []
for path in PATCHES:
	trouble = patch(ROOT, path, "--dry-run") or ("" if all(killer(path)) else "no line Killed-by")
	if trouble:
		wrong.append(f"{os.path.basename(path)}: {trouble.strip()}")
tap.ok(len(PATCHES) > 50 and not wrong, f"{len(PATCHES)} mutants apply", "\n".join(wrong))
tap.done()
