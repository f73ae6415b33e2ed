/* SPDX-License-Identifier: Apache-2.0
 * A report of flows as one page that needs nothing else: totals, course, rankings, the largest
 * conversations, the exporters. */
#ifndef EF_IMPORTER_REPORT_H
#define EF_IMPORTER_REPORT_H

#include "importer/query/dimension.h"
#include "importer/query/search.h"
#include "importer/report/page.h"

/* What there is to say of values that no flow has, because the installation leaves them out: of
 * what is ranked, or of those that the filter asks (NULL). It holds until the next call; NULL:
 * nothing. */
typedef const char *report_note_fn(void *arg, const struct subject *subject);

struct report_ask {
	const json_t *query;     /* filter and time */
	const char *filter;      /* as it was written, or "" */
	uint64_t from_ms, to_ms; /* 0: as far as there are flows */
	uint64_t least_ms;       /* of a step of the course */
	const char *pattern;     /* of the flows' indices */
	size_t count;            /* rows of each ranking */
	report_note_fn *note;
	void *note_arg;
};

/* Writes it into `p`, which is empty; `ret_flows`: how many there are in it. */
int report_write(struct html_page *p, struct searcher *s, const struct report_ask *ask,
		 uint64_t *ret_flows, struct err *err);

#endif
