/* SPDX-License-Identifier: Apache-2.0
 * What doctor finds of the API key that efd's file holds: whether it works, when it ends, and
 * whether efd uses it. */
#include "importer/doctor_key.h"

#include <string.h>

#include "common/clock.h"
#include "importer/client/app.h"
#include "importer/client/key.h"
#include "importer/core/finding.h"
#include "importer/core/table.h"
#include "importer/efd_metrics.h"
#include "importer/install/install.h"
#include "importer/install/mend.h"

/* Before and after the command that makes one; none where there is nothing after it. */
static const struct {
	enum finding finding;
	const char *text, *after;
} rows[] = {
	[KEY_ABSENT] = { ODD, "there is no API key for efd; ", " makes one" },
	[KEY_UNSEEN] = { UNKNOWN,
			 "this is not yours to read, so whether the cluster takes the key was not "
			 "asked: run doctor as root",
			 NULL },
	[KEY_ODD] = { BAD, "this is no plain file, so it holds no API key: remove it, then ",
		      " makes one" },
	[KEY_REFUSED] = { BAD,
			  "the cluster does not know this API key: another cluster's, expired or "
			  "invalidated; remove the file, then ",
			  " makes a new one" },
	[KEY_WEAK] = { BAD,
		       "the API key there may not write to all our data streams of the namespace; "
		       "remove the file, then ",
		       " makes a new one" },
	[KEY_FITS] = { FINE, "the API key for efd works", NULL },
};

void doctor_key_end(const struct app *app, uint64_t expires_ms, uint64_t now_ms, json_t *findings)
{
	enum key_end end = key_end(expires_ms, now_ms);
	char when[WHEN_MAX];
	if (end != KEY_ENDS_SOON && end != KEY_ENDS_NOW)
		return;
	finding_add(findings, end == KEY_ENDS_NOW ? BAD : ODD,
		    "the API key for efd ends in %llu days, on %s, and efd stores nothing from "
		    "then on: %s replaces it",
		    (unsigned long long)((expires_ms - now_ms) / 86400000),
		    minute_text(expires_ms, when), ADVICE(app, "keys rotate"));
}

static void look_at_end(const struct app *app, struct install *in, json_t *findings)
{
	struct key key;
	struct err why = ERR_NONE;
	int there = key_file_find(&app->elastic, app->setup.key_file, in->es, &key, &why);
	if (there > 0)
		doctor_key_end(app, key.expires_ms, clock_wall_ms(), findings);
	else if (there == 0)
		finding_add(findings, UNKNOWN,
			    "when the API key in %s ends: efctl did not make it, or the cluster "
			    "does not say",
			    app->setup.key_file);
	else
		finding_add(findings, UNKNOWN, "when the API key in %s ends: %s",
			    app->setup.key_file, why.msg);
}

static void look_at_use(const struct app *app, const char *metrics, json_t *findings)
{
	char held[API_KEY_ID_MAX], used[API_KEY_ID_MAX];
	const char *file = app->setup.key_file;
	if (!metrics || !key_is_in_place(file) || key_file_id(file, held) != KEY_FITS || !*held ||
	    !efd_key(metrics, used) || strcmp(held, used) == 0)
		return;
	finding_add(findings, ODD,
		    "efd uses the API key %s, and %s holds %s: efd reads another file or variable "
		    "(elasticsearch.api_key_file), is of another namespace, or could not read it",
		    used, file, held);
}

int doctor_key(const struct app *app, struct install *in, const char *metrics, json_t *findings,
	       struct err *err)
{
	enum key_found found;
	if (!in->cluster.has[CAP_SECURITY])
		return 0;
	if (key_look(&app->elastic, app->setup.key_file, &found, err))
		return -1;
	const char *after = rows[found].after;
	finding_add(findings, rows[found].finding, "%s (setup.key_file): %s%s%s",
		    app->setup.key_file, rows[found].text, after ? MEND(in, app, "") : "",
		    after ? after : "");
	if (found == KEY_FITS || found == KEY_WEAK)
		look_at_end(app, in, findings);
	look_at_use(app, metrics, findings);
	return 0;
}
