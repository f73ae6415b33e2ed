#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Golden cases of every stage and of the whole pipeline, on the cluster of ES_URL or an embedded OpenSearch."""
import golden
import stages
import tap

cluster = stages.clusters.connect()
stages.setup(cluster)
golden.run(cluster)
golden.vendor_geo(cluster)
if not cluster.about[0].startswith("elastic") or cluster.about[1] < (8, 3):
	golden.grown(cluster)
golden.own_as(cluster)
tap.done()
