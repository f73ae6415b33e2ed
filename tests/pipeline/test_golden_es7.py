#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The same golden cases on Elasticsearch 7.10's own processors and Painless (an embedded engine)."""
import golden
import stages
import tap

try:
	cluster = stages.clusters.embedded("es7")
except stages.clusters.NoJava as e:
	tap.skip_all(str(e))
stages.setup(cluster)
golden.run(cluster)
golden.vendor_geo(cluster)
golden.grown(cluster)
tap.done()
