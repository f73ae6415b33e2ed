/* SPDX-License-Identifier: Apache-2.0
 * The timer that keeps threat feeds fresh on efd's host: its settings, its key, and whether systemd
 * runs it. */
#include "importer/install/feed_timer.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/conf_dir.h"
#include "importer/client/advice.h"
#include "importer/client/connection.h"
#include "importer/client/es.h"
#include "importer/client/feed_key.h"
#include "importer/core/files.h"
#include "importer/core/print.h"
#include "importer/dictionary/dict_app.h"
#include "importer/dictionary/dict_layers.h"
#include "importer/dictionary/feed.h"
#include "importer/dictionary/feed_choice.h"
#include "importer/dictionary/feed_state.h"
#include "importer/install/install.h"

#define USER     "efd-feeds"
#define TIMER    "efd-feeds.timer"
#define SERVICE  "efd-feeds.service"
#define KEY_FILE "feeds_api_key"
#define TEXT_MAX (64U << 10)

const char *const feed_timer_words[] = {
	[FEED_TIMER_NONE] = "none",       [FEED_TIMER_SAME] = "same",
	[FEED_TIMER_START] = "start",     [FEED_TIMER_STOP] = "stop",
	[FEED_TIMER_STARTED] = "started", [FEED_TIMER_STOPPED] = "stopped",
	[FEED_TIMER_BY_HAND] = "by hand",
};

/* ---- systemd ----------------------------------------------------------------- */

/* The exit code of systemctl; -1: it cannot be run. With `quiet` nothing of it is seen. */
static int systemctl(bool quiet, const char *verb, const char *option, const char *unit)
{
	char *argv[] = { "systemctl", (char *)(uintptr_t)verb, (char *)(uintptr_t)option,
			 (char *)(uintptr_t)unit, NULL };
	posix_spawn_file_actions_t actions;
	int status = 0;
	pid_t child;

	if (posix_spawn_file_actions_init(&actions))
		return -1;
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (quiet || fd == STDIN_FILENO)
			posix_spawn_file_actions_addopen(&actions, fd, "/dev/null", O_RDWR, 0);
	if (!quiet) /* standard output is for results */
		posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO);
	int failed = posix_spawnp(&child, argv[0], &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	if (failed)
		return -1;
	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static bool can_run_here(void)
{
	return geteuid() == 0 && strcmp(conf_dir(), CONF_DIR) == 0 &&
	       access("/run/systemd/system", F_OK) == 0 && getpwnam(USER) &&
	       systemctl(true, "cat", "--no-pager", TIMER) == 0;
}

static bool runs(void)
{
	return systemctl(true, "is-enabled", "--quiet", TIMER) == 0 &&
	       systemctl(true, "is-active", "--quiet", TIMER) == 0;
}

/* ---- plan -------------------------------------------------------------------- */

static int add_settings(struct feed_timer *t, const struct app *app, const char *ca_file,
			const char *key_file, struct err *err)
{
	struct elastic_settings its = app->elastic; /* borrows */

	its.ca_file = (char *)(uintptr_t)ca_file;
	buf_init(&t->text, TEXT_MAX);
	if (buf_add_text(&t->text,
			 "# Written by `efctl setup` for " SERVICE ", which reads nothing else.\n"))
		return err_set(err, EF_FAILED, "out of memory");
	return connection_text(&t->text, &its, key_file, err);
}

static bool is_written(const struct feed_timer *t)
{
	struct err ignored = ERR_NONE;
	CLEANUP_FREE char *path = conf_dir_path(FEED_TIMER_CONFIG);
	CLEANUP_FREE char *text = NULL;
	size_t len;

	return path && file_read(path, TEXT_MAX, &text, &len, &ignored) == 0 &&
	       len == t->text.len && memcmp(text, t->text.data, len) == 0;
}

static int look_at_files(struct feed_timer *t, const struct install *in, const struct app *app,
			 const char *ca_file, struct err *err)
{
	const struct passwd *user = getpwnam(USER);
	CLEANUP_FREE char *key = conf_dir_path(KEY_FILE);
	bool secured = in->cluster.has[CAP_SECURITY] && !app->flags.no_key;

	if (!key)
		return err_set(err, EF_FAILED, "out of memory");
	t->group = user ? user->pw_gid : (gid_t)-1;
	if (add_settings(t, app, ca_file, secured ? key : NULL, err))
		return -1;
	int fits = secured ? feed_key_fits(&app->elastic, key, err) : 1;
	if (fits < 0)
		return -1;
	t->needs_key = !fits;
	t->state = fits && is_written(t) && runs() ? FEED_TIMER_SAME : FEED_TIMER_START;
	return 0;
}

/* Whether what the cluster says of feeds is all that is chosen, and fresh. */
static int look_at_state(struct feed_timer *t, struct es *es, const struct dict_rows *rows,
			 struct err *err)
{
	CLEANUP_JSON json_t *feeds = NULL;

	if (feed_state_read(es, &feeds, err))
		return -1;
	t->loaded = json_array_size(feeds) >= feeds_on(rows) && feed_state_is_fresh(feeds);
	return 0;
}

/* Whether something here finds tables that are to be installed as they change: efd-inventory.timer
 * has no key of a cluster. */
static bool has_inventory(void)
{
	CLEANUP_FREE char *path = conf_dir_path(INVENTORY_FILE);

	return path && conf_is_there(path);
}

int feed_timer_plan(struct install *in, const struct app *app, const char *ca_file, bool here,
		    struct feed_timer *ret, struct err *err)
{
	const struct dict_rows *rows;

	*ret = (struct feed_timer){ .state = FEED_TIMER_NONE };
	if (dict_set_rows(in->dict, "threat-feeds", &rows, err))
		return -1;
	here = here && can_run_here();
	ret->feeds = feeds_on(rows) > 0;
	if (!ret->feeds && !(here && has_inventory())) {
		if (here && runs())
			ret->state = FEED_TIMER_STOP;
		return 0;
	}
	ret->state = ret->feeds ? FEED_TIMER_BY_HAND : FEED_TIMER_NONE;
	/* its unit may write to the usual place alone; that is also where refresh keeps feeds when
	 * the other tables are copies of another host's, and no directory counts */
	const char *dir = app->dictionaries.dir;
	if (here && (!dir || strcmp(dir, CONF_DIR "/" DICT_DIR) == 0) &&
	    look_at_files(ret, in, app, ca_file, err))
		return -1;
	return look_at_state(ret, in->es, rows, err);
}

bool feed_timer_changes(const struct feed_timer *t)
{
	return t->state == FEED_TIMER_START || t->state == FEED_TIMER_STOP;
}

void feed_timer_release(struct feed_timer *t)
{
	buf_release(&t->text);
}

/* ---- apply ------------------------------------------------------------------- */

/* Theirs who fill it; never what a link in its place leads to. */
static int make_folder(struct err *err)
{
	static const char path[] = CONF_DIR "/" DICT_DIR "/" DICT_FEEDS;
	const struct passwd *user = getpwnam(USER);
	bool made = (mkdir(CONF_DIR "/" DICT_DIR, 0755) == 0 || errno == EEXIST) &&
		    (mkdir(path, 0755) == 0 || errno == EEXIST);
	CLEANUP_FD int fd =
	    made && user ? open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) : -1;

	if (fd < 0 || fchown(fd, user->pw_uid, user->pw_gid) || fchmod(fd, 0755))
		return err_errno(err, EF_FAILED, errno, "cannot make the folder %s for " USER,
				 path);
	return 0;
}

static int start(struct feed_timer *t, struct es *es, struct err *err)
{
	if (make_folder(err) ||
	    (t->needs_key && feed_key_make(es, conf_dir(), KEY_FILE, t->group, err)) ||
	    file_write_guarded(conf_dir(), FEED_TIMER_CONFIG, t->text.data, t->text.len, 0640,
			       t->group, err))
		return -1;
	if (systemctl(false, "enable", "--now", TIMER) ||
	    (!t->loaded && systemctl(false, "start", "--no-block", SERVICE)))
		return err_set(err, EF_FAILED,
			       "systemctl could not start the timer of the threat feeds: systemctl "
			       "status " TIMER);
	t->state = FEED_TIMER_STARTED;
	return 0;
}

int feed_timer_apply(struct feed_timer *t, struct es *es, struct err *err)
{
	if (t->state == FEED_TIMER_START)
		return start(t, es, err);
	if (t->state != FEED_TIMER_STOP)
		return 0;
	if (systemctl(false, "disable", "--now", TIMER))
		return err_set(err, EF_FAILED, "systemctl could not stop " TIMER);
	t->state = FEED_TIMER_STOPPED;
	return 0;
}

void feed_timer_print(FILE *out, const struct app *app, const struct feed_timer *t)
{
	switch (t->state) {
	case FEED_TIMER_START:
		print_plain(out, "%-8s %-20s %s, %s\n", "start", "timer of the feeds", TIMER,
			    t->needs_key ? "with an API key of its own" : "hourly");
		break;
	case FEED_TIMER_STOP:
		print_plain(out, "%-8s %-20s %s\n", "stop", "timer of the feeds", TIMER);
		break;
	case FEED_TIMER_STARTED:
		print_plain(out,
			    "%s: %s; then hourly. `journalctl -u " SERVICE "` tells how it "
			    "went\n",
			    t->feeds ? "threat feeds" : "tables of the inventory",
			    t->loaded ? "loaded" : "being loaded now");
		break;
	case FEED_TIMER_BY_HAND:
		if (!t->loaded)
			print_plain(
			    out,
			    "threat feeds: chosen, and nothing here loads them (that does "
			    "root's setup on a host with efd's units and systemd). By hand, "
			    "and hourly from cron: %s\n",
			    ADVICE(app, "dictionaries refresh"));
		break;
	case FEED_TIMER_NONE:
	case FEED_TIMER_SAME:
	case FEED_TIMER_STOPPED:
		break;
	}
}

/* ---- remove ------------------------------------------------------------------ */

bool feed_timer_is_of(const struct app *app, char **ret_path)
{
	struct err ignored = ERR_NONE;
	*ret_path = conf_dir_path(FEED_TIMER_CONFIG);
	return *ret_path && access(*ret_path, R_OK | W_OK) == 0 &&
	       connection_is_of(*ret_path, &app->elastic, &ignored) > 0;
}

int feed_timer_remove(struct es *es, const struct app *app, bool secured, struct err *err)
{
	CLEANUP_FREE char *path = NULL;
	CLEANUP_FREE char *key = conf_dir_path(KEY_FILE);

	if (!key)
		return err_set(err, EF_FAILED, "out of memory");
	if (!feed_timer_is_of(app, &path))
		return 0;
	if (secured && access(key, F_OK) == 0 && feed_key_remove(es, err))
		return -1;
	if (can_run_here())
		systemctl(true, "disable", "--now", TIMER);
	if (unlink(path) || (unlink(key) && errno != ENOENT))
		return err_errno(err, EF_FAILED, errno, "cannot remove %s", path);
	print_plain(stdout, "removed  %-20s %s\n", "timer of the feeds", path);
	return 0;
}
