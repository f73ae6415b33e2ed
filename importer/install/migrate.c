/* SPDX-License-Identifier: Apache-2.0
 * An installation without a record gets one: what it was made with is found out and
 * shown.
 */
#include "importer/install/migrate.h"

#include "common/cleanup.h"
#include "importer/client/settings.h"
#include "importer/client/streams.h"
#include "importer/core/json.h"
#include "importer/core/print.h"
#include "importer/install/install.h"
#include "importer/install/installed.h"

/* Namespaces that were set up before there was a record: those that have streams. */
static int find_namespaces(struct install *in, const struct app *app, struct err *err)
{
	struct stream_data data[STREAMS_ALL];
	CLEANUP_JSON json_t *others = json_object();
	const char *name;
	json_t *value;
	if (streams_of(in->es, in->cluster.has[CAP_DATA_STREAM], app->elastic.namespace, data,
		       others, err))
		return -1;
	json_object_foreach (others, name, value)
		record_namespace_add(&in->record, name);
	return 0;
}

/* What no asset tells is as this run has it: who had set something else is to know. */
static void tell_unknown(const struct install *in, const struct app *app)
{
	static const char *const untold[] = { "setup.retention",   "setup.feeds",   "kibana.url",
					      "kibana.space",      "kibana.remote", "kibana.alerts",
					      "kibana.pin_filters" };
	const bool lifecycle = in->cluster.has[CAP_ILM] || in->cluster.has[CAP_DSL];
	char text[200] = "";
	for (size_t i = lifecycle; i < sizeof(untold) / sizeof(untold[0]); i++) {
		size_t n = strlen(text);
		if (!settings_named(app, untold[i]))
			snprintf(text + n, sizeof(text) - n, "%s%s", n ? ", " : "", untold[i]);
	}
	if (*text)
		json_array_append_new(
		    in->rendering.notes,
		    json_sprintf("this installation has no record; could not be found out: %s "
				 "(name those that were not the default)",
				 text));
}

/* An installation without a record gets one that says what it was made with. */
int migrate_find(struct install *in, struct app *app, json_t *found, struct err *err)
{
	if (in->record.found != RECORD_ABSENT || !install_is_there(in))
		return 0;
	if (installed_find(in, app, found, err) || find_namespaces(in, app, err))
		return -1;
	int changed = installed_adopt(in, app, found, err);
	if (changed < 0 || (changed && install_plan_again(in, app, err)))
		return -1;
	tell_unknown(in, app);
	return 0;
}

void migrate_print(FILE *to, const json_t *found)
{
	size_t i;
	json_t *entry;
	if (json_array_size(found))
		print_plain(to,
			    "this installation has no record; found out from what is installed:\n");
	json_array_foreach (found, i, entry)
		print_plain(to, "option   %-20s %s, the default is %s (%s changes it)\n",
			    json_text_at(entry, "option", ""), json_text_at(entry, "installed", ""),
			    json_text_at(entry, "wanted", ""), json_text_at(entry, "change", ""));
}
