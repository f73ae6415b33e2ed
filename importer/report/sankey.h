/* SPDX-License-Identifier: Apache-2.0
 * The largest conversations as bands from clients by services to servers. */
#ifndef EF_IMPORTER_SANKEY_H
#define EF_IMPORTER_SANKEY_H

#include "importer/query/rank.h"
#include "importer/report/page.h"

/* Rows with keys of three values; inline SVG. */
#define SANKEY_BANDS 20
void sankey_draw(struct html_page *p, const struct rank *r);

#endif
