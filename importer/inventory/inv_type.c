/* SPDX-License-Identifier: Apache-2.0
 * The kinds of sources: one const row each says what it reads, and what it asks when nothing else
 * is said. */
#include "importer/inventory/inv_type.h"

#include <string.h>

const struct inv_type inv_types[] = {
	{ .name = "json",
	  .text = "JSON of any make, by URL or in a file",
	  .form = INV_JSON,
	  .scheme = "Bearer" },
	{ .name = "csv",
	  .text = "CSV of any make, by URL or in a file",
	  .form = INV_CSV,
	  .scheme = "Bearer" },
};
const size_t inv_types_len = sizeof(inv_types) / sizeof(inv_types[0]);

const struct inv_type *inv_type_find(const char *name)
{
	for (size_t i = 0; i < inv_types_len; i++)
		if (strcmp(inv_types[i].name, name) == 0)
			return &inv_types[i];
	return NULL;
}
