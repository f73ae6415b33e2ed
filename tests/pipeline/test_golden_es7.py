#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The same golden cases on Elasticsearch 7.10's own processors and Painless (an embedded engine)."""
import golden
import stages
import tap

cluster = stages.clusters.embedded("es7")
stages.setup(cluster)
golden.run(cluster)
golden.vendor_geo(cluster)
tap.done()
