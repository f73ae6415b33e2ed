/* SPDX-License-Identifier: Apache-2.0
 * What doctor finds of the sources of `efctl inventory`: which fail, and whose rows are old. */
#include "importer/doctor_inventory.h"

#include <dirent.h>
#include <stdio.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "importer/client/advice.h"
#include "importer/client/app.h"
#include "importer/core/finding.h"
#include "importer/core/table.h"
#include "importer/dictionary/dict_app.h"
#include "importer/dictionary/dict_layers.h"
#include "importer/inventory/inv_state.h"

static void look_at_source(const struct app *app, const char *name, json_t *findings)
{
	int64_t now = (int64_t)clock_wall_ms();
	char since[WHEN_MAX], good[WHEN_MAX], command[128];
	struct inv_state s;

	inv_state_read(dict_dir(app), name, &s);
	snprintf(command, sizeof(command), "inventory %.60s", name);
	when_text((uint64_t)s.good_ms, good);
	if (s.failing_ms)
		finding_add(findings, BAD,
			    "inventory %s: fails since %s: %.300s. Its names are of before (it "
			    "answered last: %s); %s asks again",
			    name, when_text((uint64_t)s.failing_ms, since), s.why, good,
			    ADVICE(app, command));
	else if (s.asked_ms && inv_state_is_stale(&s, now))
		finding_add(findings, ODD,
			    "inventory %s: was asked last %s, and should be more often: does the "
			    "timer run (systemctl status efd-inventory.timer)? %s asks now",
			    name, good, ADVICE(app, command));
	else if (s.asked_ms)
		finding_add(findings, FINE, "inventory %s: answered %s", name, good);
}

int doctor_inventory(struct es *es, const struct app *app, json_t *findings, struct err *err)
{
	CLEANUP_FREE char *path = NULL;

	(void)es;
	if (!dict_dir(app))
		return 0;
	if (asprintf(&path, "%s/" DICT_DISCOVERED_DIR, dict_dir(app)) < 0)
		return err_set(err, EF_FAILED, "out of memory");
	DIR *d = opendir(path);
	for (struct dirent *e; d && (e = readdir(d));)
		if (dict_source_fits(e->d_name))
			look_at_source(app, e->d_name, findings);
	if (d)
		closedir(d);
	return 0;
}
