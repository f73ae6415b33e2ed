/* SPDX-License-Identifier: Apache-2.0
 * What our files call assets and data streams, changed to what an installation with a prefix calls
 * them. */
#ifndef EF_IMPORTER_PREFIX_H
#define EF_IMPORTER_PREFIX_H

#include <jansson.h>

struct assets;

/*
 * Changes in a parsed file of ours every name of an asset, of a data stream and of a dataset
 * (common/names.h); the tables in prefix.c say where they stand. Names of fields and all other
 * words stay. Before variables and dictionaries are put in: what users wrote is left alone. `tree`
 * may be NULL; without a prefix nothing changes.
 */
void prefix_enter(const struct assets *assets, const char *prefix, json_t *tree);

#endif
