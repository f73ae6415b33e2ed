/* SPDX-License-Identifier: Apache-2.0
 * The ways out of a record that is damaged or of a later form. */
#include "importer/install/unfit.h"

#include <stdio.h>

#include "importer/client/names.h"
#include "importer/core/ask.h"

/* What it was made with is found out then, and recorded: who cannot be asked says --yes to that. */
const char *unfit_ways(const struct app *app, const struct record *r, char ret_text[UNFIT_MAX])
{
	*ret_text = '\0';
	if (r->found == RECORD_UNFIT)
		snprintf(ret_text, UNFIT_MAX,
			 "; %s takes it for lost and finds out what is installed; so does efctl "
			 "once it is deleted (DELETE /%s/_doc/" NAMES_RECORD ")",
			 ADVICE(app, ask_can() ? "setup --force-version"
					       : "setup --force-version --yes"),
			 NAME(app->elastic.prefix, NAMES_INDEX));
	return ret_text;
}

int unfit_refuse(const struct app *app, const struct record *r, struct err *err)
{
	char why[sizeof(err->msg)], ways[UNFIT_MAX];
	if (record_must_be_known(r, err) == 0)
		return 0;
	snprintf(why, sizeof(why), "%s", err->msg);
	return err_set(err, err->code, "%s%s", why, unfit_ways(app, r, ways));
}
