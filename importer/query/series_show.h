/* SPDX-License-Identifier: Apache-2.0
 * Shows a course over time: drawn on a terminal, as CSV, as JSON. */
#ifndef EF_IMPORTER_SERIES_SHOW_H
#define EF_IMPORTER_SERIES_SHOW_H

#include "importer/query/rows.h"
#include "importer/query/series.h"

void series_show(const struct series *s, enum rows_format format);

#endif
