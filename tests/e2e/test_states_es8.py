#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The states of test_states.py on a bare Elasticsearch 8.19."""
import harness
import tap
import test_states

with harness.bare_assets() as folder:
	test_states.look_at("es8", folder)
tap.done()
