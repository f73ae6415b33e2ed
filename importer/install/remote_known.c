/* SPDX-License-Identifier: Apache-2.0
 * Whether the cluster knows the other clusters that are to be looked at from it. */
#include "importer/install/remote_known.h"

#include <fnmatch.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "importer/client/es.h"
#include "importer/client/settings.h"
#include "importer/core/finding.h"
#include "importer/install/install.h"

#define NAMES_MAX (16U << 10)

static bool is_known(const json_t *known, const char *remote)
{
	const char *name;
	json_t *entry;

	json_object_foreach ((json_t *)known, name, entry)
		if (fnmatch(remote, name, 0) == 0)
			return true;
	return false;
}

/* Those of kibana.remote that the cluster does not know, as "eu, us"; "" none, or it does not say.
 * The caller's. */
static int unknown_remotes(struct es *es, const struct app *app, char **ret_names, struct err *err)
{
	long status = 0;
	CLEANUP_JSON json_t *reply = NULL;
	CLEANUP_BUF struct buf out;
	const struct strlist *remotes = &app->kibana.remote;

	buf_init(&out, NAMES_MAX);
	if (remotes->n && es_call(es, "GET", "/_remote/info", NULL, &status, &reply, err))
		return -1;
	int full = buf_add_text(&out, "");
	for (size_t i = 0; i < remotes->n && status == 200; i++)
		if (!is_known(reply, remotes->item[i]))
			full |= buf_add_fmt(&out, "%s%s", out.len ? ", " : "", remotes->item[i]);
	*ret_names = full ? NULL : strdup(out.data);
	return *ret_names ? 0 : err_set(err, EF_FAILED, "out of memory");
}

#define UNKNOWN_FMT                                                                            \
	"kibana.remote: this cluster knows no remote cluster %s (GET _remote/info), and what " \
	"searches it fails: connect it first, or `efctl setup --remote` names others"

int remote_known_check(struct install *in, const struct app *app, struct err *err)
{
	CLEANUP_FREE char *names = NULL;

	if (unknown_remotes(in->es, app, &names, err))
		return -1;
	if (*names && settings_named(app, "kibana.remote"))
		return err_set(err, EF_USAGE, UNKNOWN_FMT, names);
	if (*names)
		render_note(&in->rendering, UNKNOWN_FMT, names);
	return 0;
}

int remote_known_findings(struct es *es, const struct app *app, json_t *findings, struct err *err)
{
	CLEANUP_FREE char *names = NULL;

	if (unknown_remotes(es, app, &names, err))
		return -1;
	if (*names)
		finding_add(findings, BAD, UNKNOWN_FMT, names);
	return 0;
}
