/* SPDX-License-Identifier: Apache-2.0
 * Versions of Elasticsearch that are known to lose documents, for doctor. */
#include "importer/install/known_faults.h"

#include <stddef.h>
#include <stdio.h>

#include "importer/client/probe.h"
#include "importer/core/finding.h"

/* Release notes and issues of Elasticsearch say so; the patch levels from first to last. */
static const struct {
	int major, minor, first, last;
	const char *what, *then;
} faults[] = {
	{ 9, 5, 0, 2,
	  "under load (429) a document may be on the primary shard only: efd's resend is told that "
	  "it is there (409), and with the primary it is gone (elasticsearch#158212)",
	  "9.5.3" },
	{ 9, 1, 0, 1,
	  "merges of logsdb indices fail after a shrink, and shards with them "
	  "(elasticsearch#132597)",
	  "9.1.2" },
	{ 8, 19, 1, 1,
	  "merges of logsdb indices fail after a shrink, and shards with them "
	  "(elasticsearch#132597)",
	  "8.19.2" },
};

void known_faults(const struct cluster *c, json_t *findings)
{
	int major, minor, patch;
	if (c->distribution != ELASTICSEARCH || c->serverless ||
	    sscanf(c->version, "%d.%d.%d", &major, &minor, &patch) != 3)
		return;
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
		if (major == faults[i].major && minor == faults[i].minor &&
		    patch >= faults[i].first && patch <= faults[i].last)
			finding_add(findings, BAD,
				    "Elasticsearch %s is known to lose data: %s; upgrade to %s or "
				    "later",
				    c->version, faults[i].what, faults[i].then);
}
