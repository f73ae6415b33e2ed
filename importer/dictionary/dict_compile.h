/* SPDX-License-Identifier: Apache-2.0
 * Rows of a dictionary to the JSON that pipelines get. */
#ifndef EF_IMPORTER_DICT_COMPILE_H
#define EF_IMPORTER_DICT_COMPILE_H

#include <jansson.h>

#include "common/err.h"
#include "importer/dictionary/dict_rows.h"
#include "importer/dictionary/dict_table.h"

/* ADDRESSES, APPLICATIONS, THREATS. `allow` (may be NULL) are rows whose prefixes have no value:
 * threat-allow. */
int dict_compile_records(const struct dict_rows *rows, const struct dict_rows *allow,
			 struct dict_records *ret_records, struct err *err);

#endif
