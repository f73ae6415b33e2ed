/* SPDX-License-Identifier: Apache-2.0
 * A ranking as a section of a report: a table with bars, what is known of the others, and the
 * searches behind it. */
#ifndef EF_IMPORTER_RANKING_H
#define EF_IMPORTER_RANKING_H

#include "importer/query/rank.h"
#include "importer/report/page.h"

/* `note`: what there is to say before the values, or NULL. */
void ranking_write(struct html_page *p, const char *title, const struct rank *r,
		   const struct rank_ask *ask, const char *pattern, const char *note);

#endif
