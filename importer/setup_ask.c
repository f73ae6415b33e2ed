/* SPDX-License-Identifier: Apache-2.0
 * Whether efctl setup may go on: what would be replaced or deleted of the user's, and who says
 * so. */
#include "importer/setup_ask.h"

#include <string.h>

#include "common/cleanup.h"
#include "importer/client/advice.h"
#include "importer/core/ask.h"
#include "importer/core/finding.h"
#include "importer/install/installed.h"
#include "importer/setup.h"

#define NAMED_MAX 3 /* of each sort: the others are counted */

bool setup_writes(const struct app *app)
{
	return !app->flags.dry_run; /* --diff is one, too */
}

bool setup_asks(const struct app *app)
{
	return setup_writes(app) && !app->flags.yes && ask_can();
}

bool setup_changes(const struct install *in, const struct app *app, const struct outcome *o)
{
	return plan_writes_count(&in->plan, app->flags.force) || o->key == KEY_MAKE ||
	       o->connection.state == CONNECTION_CREATE ||
	       o->connection.state == CONNECTION_UPDATE || feed_timer_changes(&o->feed_timer) ||
	       record_changed(&in->record) || json_array_size(o->reasons) ||
	       json_array_size(o->streams) || json_array_size(o->own) || ism_changes(&o->ism) ||
	       (app->flags.rollover && json_array_size(o->outdated));
}

bool setup_without_effect(const struct outcome *o)
{
	return findings_bad(o->states) || findings_bad(o->effects);
}

bool setup_differs(const struct plan *p)
{
	return plan_count(p, ACTION_SAME) + plan_count(p, ACTION_YOURS) < p->n;
}

/* Appends "; 2 that are not ours are replaced (a, b)". */
static void add_items(char *text, size_t size, const struct plan *p, enum action action, bool force,
		      const char *what)
{
	size_t named = 0;
	for (size_t i = 0; i < p->n; i++) {
		size_t n = strlen(text);
		if (p->item[i].action != action || !plan_writes(&p->item[i], force))
			continue;
		if (named == 0)
			snprintf(text + n, size - n, "; %zu %s: %s", plan_count(p, action), what,
				 p->item[i].name);
		else if (named <= NAMED_MAX)
			snprintf(text + n, size - n, ", %s",
				 named < NAMED_MAX ? p->item[i].name : "…");
		named++;
	}
}

/* What of the user's is replaced or deleted, each after "; "; "" when nothing is. */
static void of_the_users(const struct install *in, const struct app *app, const struct outcome *o,
			 char *text, size_t size)
{
	size_t i;
	json_t *reason;
	*text = '\0';
	add_items(text, size, &in->plan, ACTION_DRIFTED, app->flags.force,
		  "changed by hand would be replaced");
	add_items(text, size, &in->plan, ACTION_FOREIGN, app->flags.force,
		  "not ours would be replaced");
	add_items(text, size, &in->plan, ACTION_REMOVE, app->flags.force, "would be removed");
	if (o->key == KEY_MAKE && o->key_replaces)
		snprintf(text + strlen(text), size - strlen(text),
			 "; the key in %s would be replaced", app->setup.key_file);
	json_array_foreach (o->reasons, i, reason)
		snprintf(text + strlen(text), size - strlen(text), "; %s",
			 json_string_value(reason));
}

int setup_forbidden(const struct install *in, const struct app *app, const struct outcome *o,
		    struct err *err)
{
	if (install_check_version(in, app, err))
		return -1;
	if (setup_writes(app) && !app->flags.yes && !ask_can() &&
	    installed_refuse(in, app, o->migrated, err))
		return -1;
	return installed_lost(in, app, o->migrated, err);
}

int setup_ask(struct install *in, const struct app *app, const struct outcome *o, struct err *err)
{
	char text[sizeof(err->msg) - ADVICE_MAX - 100];
	if (app->flags.yes || !setup_changes(in, app, o))
		return install_hold(in, app, err);
	if (setup_asks(app)) {
		if (!ask_yes("Apply? [y/N] "))
			return err_set(err, EF_FAILED, "nothing was changed");
		/* who is asked may take their time */
		return install_hold(in, app, err) ||
			       plan_still_true(&in->plan, in->es, app->flags.force, err)
			   ? -1
			   : 0;
	}
	of_the_users(in, app, o, text, sizeof(text));
	if (*text == '\0')
		return 0;
	return err_set(err, EF_USAGE, "nothing was changed: nobody can be asked here; %s goes on%s",
		       ADVICE(app, "setup --yes"), text);
}
