/* SPDX-License-Identifier: Apache-2.0
 * What efctl remove takes away of this host, and what it leaves: efd's connection, the file of its
 * API key, and the timer of the threat feeds. */
#include "importer/remove_host.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "importer/client/connection.h"
#include "importer/client/key.h"
#include "importer/core/print.h"
#include "importer/install/feed_timer.h"
#include "importer/install/install.h"

/* `why` NULL: it goes. */
static void print_thing(const char *what, const char *path, const char *why)
{
	print_plain(stdout, "%-8s %-20s %s%s%s\n", why ? "kept" : "remove", what, path,
		    why ? "  " : "", why ? why : "");
}

/* Why what is shared stays; NULL: it does not. */
static const char *why_shared(const struct app *app, bool last)
{
	return app->flags.no_key ? "--no-key" : last ? NULL : "the other namespaces use it";
}

static int print_connection(const struct app *app, bool last, struct err *err)
{
	enum connection_whose whose;
	CLEANUP_FREE char *path = NULL;
	if (connection_look(&app->elastic, &whose, &path, err))
		return -1;
	if (whose == CONNECTION_NOBODYS)
		return 0;
	print_thing("efd's connection", path,
		    whose == CONNECTION_UNSEEN ? "not yours to read: it may name this cluster still"
		    : whose == CONNECTION_OTHERS ? "names another cluster or prefix"
						 : why_shared(app, last));
	return 0;
}

static void print_key_file(const struct app *app, const struct keys *revoked, bool secured)
{
	char id[API_KEY_ID_MAX];
	const char *file = app->setup.key_file, *why = "holds none of these keys";
	enum key_found found = key_file_id(file, id);
	if (found == KEY_ABSENT)
		return;
	for (size_t i = 0; i < revoked->n; i++)
		if (strcmp(revoked->list[i].id, id) == 0)
			why = NULL;
	print_thing("API key file", file,
		    app->flags.no_key     ? "--no-key"
		    : !secured            ? "this cluster has no security"
		    : found == KEY_UNSEEN ? "not yours to read"
					  : why);
}

int remove_host_print(const struct install *in, const struct app *app, const struct keys *revoked,
		      bool last, struct err *err)
{
	CLEANUP_FREE char *path = NULL;
	print_key_file(app, revoked, in->cluster.has[CAP_SECURITY]);
	bool its = feed_timer_is_of(app, &path);
	if (path && access(path, F_OK) == 0)
		print_thing("timer of the feeds", path,
			    its ? why_shared(app, last) : "names another cluster or prefix");
	return print_connection(app, last, err);
}

int remove_host(struct install *in, const struct app *app, struct err *err)
{
	if (app->flags.no_key)
		return 0;
	return feed_timer_remove(in->es, app, in->cluster.has[CAP_SECURITY], err) ||
		       connection_remove(&app->elastic, err)
		   ? -1
		   : 0;
}
