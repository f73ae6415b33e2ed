/* SPDX-License-Identifier: Apache-2.0
 * The cluster of efctl keys: connected, and while keys are changed leased and recorded. */
#include "importer/keys_run.h"

#include <string.h>

#include "common/cleanup.h"
#include "importer/client/app.h"
#include "importer/client/es.h"
#include "importer/install/unfit.h"
#include "importer/record/lease.h"

int keys_open(struct keys_run *run, struct app *app, struct err *err)
{
	long status = 0;
	*run = (struct keys_run){ .app = app };
	if (app_connect(app, &run->es, err) ||
	    es_call(run->es, "GET", "/_security/_authenticate", NULL, &status, NULL, err))
		return -1;
	return status == 200
		   ? 0
		   : err_set(err, EF_USAGE,
			     "%s has no security (GET /_security/_authenticate: %ld), and so no "
			     "API keys: efd needs none",
			     es_url(run->es), status);
}

void keys_close(struct keys_run *run)
{
	lease_release(run->lease);
	record_release(&run->record);
	es_free(run->es);
}

int keys_begin(struct keys_run *run, struct err *err)
{
	const struct app *app = run->app;
	char again[ADVICE_MAX] = "keys";
	for (size_t i = 0; i < app->args.n; i++)
		snprintf(again + strlen(again), sizeof(again) - strlen(again), " %s",
			 app->args.item[i]);
	snprintf(again + strlen(again), sizeof(again) - strlen(again), " --wait 10m");
	if (lease_take(&app->elastic, "keys", ADVICE(app, again), app->flags.wait, &run->lease,
		       err))
		return -1;
	lease_guard(run->lease, run->es);
	record_release(&run->record);
	return record_read(run->es, &run->record, err) || unfit_refuse(app, &run->record, err) ? -1
											       : 0;
}

int keys_end(struct keys_run *run, struct err *err)
{
	struct record *r = &run->record;
	bool changed = r->found == RECORD_THERE &&
		       !json_equal(record_keys(r), json_object_get(r->before, "keys"));
	int result = changed ? record_write(run->es, r, NULL, err) : 0;
	es_guard(run->es, NULL, NULL);
	lease_release(steal_ptr(run->lease));
	return result;
}
