/* SPDX-License-Identifier: Apache-2.0
 * The command that brings an installation to what it should be, as it has to be typed here and
 * now. */
#include "importer/install/mend.h"

#include <string.h>

#include "common/cleanup.h"
#include "importer/core/ask.h"
#include "importer/core/version.h"
#include "importer/install/install.h"
#include "importer/install/installed.h"
#include "importer/install/recall.h"

/* Whether something of the user's would go, or be replaced: who cannot be asked says --yes. */
static bool takes_away(const struct install *in, bool force)
{
	const struct plan *p = &in->plan;
	return plan_count(p, ACTION_REMOVE) || json_array_size(in->gone) || copy_takes_back(in) ||
	       (force && plan_count(p, ACTION_DRIFTED) + plan_count(p, ACTION_FOREIGN));
}

/* " --reset setup.profile": setup refuses a record with values that it does not know. */
static size_t add_resets(const struct install *in, char *text, size_t size)
{
	size_t i, n = 0;
	json_t *name;
	json_array_foreach (in->record.unusable, i, name)
		n += (size_t)snprintf(text + n, n < size ? size - n : 0, "%s%.60s",
				      i ? "," : " --reset ", json_string_value(name));
	return n < size ? n : size - 1;
}

/* What it takes beside `flags`. */
static void add_flags(const struct install *in, const struct app *app, bool force, char *text,
		      size_t size)
{
	char dir[ADVICE_MAX];
	struct err ignored = ERR_NONE;
	CLEANUP_JSON json_t *found = json_array();
	const bool unfit = in->record.found == RECORD_UNFIT;
	size_t n = strlen(text);
	if ((unfit || in->record.found == RECORD_ABSENT) && install_is_there(in))
		installed_find(in, app, found, &ignored);
	n += (size_t)snprintf(text + n, size - n, "%s", unfit ? " --force-version" : "");
	n += add_resets(in, text + n, size - n);
	if (!ask_can() && (takes_away(in, force) || json_array_size(found)))
		n += (size_t)snprintf(text + n, size - n, " --yes");
	if (installed_has_tables(found))
		snprintf(text + n, size - n, " --dictionaries-dir %s",
			 recall_dir(&in->record, dir));
}

const char *mend_command(const struct install *in, const struct app *app, const char *flags,
			 char ret_text[MEND_MAX])
{
	char rest[ADVICE_MAX + 100];
	const char *version = record_text(&in->record, "version");
	if (in->record.found == RECORD_THERE &&
	    version_compare(version_own, version) == VERSION_OLDER) {
		snprintf(ret_text, MEND_MAX, "setup with efctl %.100s or a newer one", version);
		return ret_text;
	}
	snprintf(rest, sizeof(rest), "setup%s", flags);
	/* setup's own flags are said again: see advice.h */
	bool force = strcmp(flags, " --force") == 0 ||
		     (app->flags.force && app->command && strcmp(app->command, "setup") == 0);
	add_flags(in, app, force, rest, sizeof(rest));
	snprintf(ret_text, MEND_MAX, "%s", ADVICE(app, rest));
	return ret_text;
}
