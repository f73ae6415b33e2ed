/* SPDX-License-Identifier: Apache-2.0
 * The course of a report in bits per second: the largest values upon one another, up to all. */
#ifndef EF_IMPORTER_CHART_H
#define EF_IMPORTER_CHART_H

#include "importer/query/series.h"
#include "importer/report/page.h"

/* Line 0 of the series is all flows; the others are parts of it. Inline SVG, and its legend. */
void chart_draw(struct html_page *p, const struct series *s);

#endif
