/* SPDX-License-Identifier: Apache-2.0
 * What every efctl command gets: settings, operands, embedded assets and the connections. */
#include "importer/client/app.h"

#include "importer/client/es.h"

int app_connect(struct app *app, struct es **ret_es, struct err *err)
{
	return es_new(&app->elastic, NULL, ret_es, err);
}
