/* SPDX-License-Identifier: Apache-2.0
 * The text that a source gave, as a JSON document: JSON itself, or CSV as a list of its rows. */
#ifndef EF_IMPORTER_INV_TEXT_H
#define EF_IMPORTER_INV_TEXT_H

#include <jansson.h>
#include <stddef.h>

#include "common/err.h"
#include "importer/inventory/inv_source.h"

/* The caller's tree. EF_FAILED: it is not of the form that the source's type says. Of CSV each row
 * is an object with the columns' names, by the first line or by the source's `names`; lines that
 * start with '#' are passed over. */
int inv_text_read(const struct inv_source *s, const char *text, size_t len, json_t **ret_document,
		  struct err *err);

#endif
