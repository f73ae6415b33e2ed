/* SPDX-License-Identifier: Apache-2.0
 * One cell of a dictionary: checked, and brought to the one spelling of its value. */
#ifndef EF_IMPORTER_DICT_CELL_H
#define EF_IMPORTER_DICT_CELL_H

#include <stdint.h>

#include "common/err.h"
#include "common/ip.h"
#include "importer/dictionary/dict_kind.h"

/* The spelling of `text`, to be freed, in `ret_text`. `err` has no file and line yet. */
int dict_cell_normal(const struct dict_column *column, const char *text, char **ret_text,
		     struct err *err);

/* What a normal cell says, of an address or a prefix with or without more (DICT_PREFIX, …), of
 * ports or of MAC addresses. A MAC prefix has its bits on the left of 48. */
struct prefix dict_cell_prefix(const char *cell);
/* What follows the address in a normal DICT_SENDER or DICT_EXPORTER cell: ":2055", "#7", or
 * nothing. */
const char *dict_cell_which(const char *cell);
void dict_cell_ports(const char *cell, unsigned *ret_first, unsigned *ret_last);
uint64_t dict_cell_mac(const char *cell, unsigned *ret_bits);

#endif
