/* SPDX-License-Identifier: Apache-2.0
 * How well the exporters do, for a report: records and datagrams, losses, duplicates, sampling. */
#ifndef EF_IMPORTER_REPORT_HEALTH_H
#define EF_IMPORTER_REPORT_HEALTH_H

#include "importer/query/search.h"
#include "importer/report/page.h"

/* Of all exporters in the time from `from_ms` to `to_ms`: what they tell of themselves goes by no
 * filter of flows. */
int health_write(struct html_page *p, struct searcher *s, uint64_t from_ms, uint64_t to_ms,
		 struct err *err);

#endif
