/* SPDX-License-Identifier: Apache-2.0
 * The embedded assets, opened once for a group of tests. */
#ifndef EF_TESTS_WITH_ASSETS_H
#define EF_TESTS_WITH_ASSETS_H

#include "importer/assets/asset.h"

static struct assets *assets;

static inline int open_assets(void **state)
{
	struct err err = ERR_NONE;
	(void)state;
	return assets_open(NULL, &assets, &err);
}

static inline int close_assets(void **state)
{
	(void)state;
	assets_free(assets);
	return 0;
}

#endif
