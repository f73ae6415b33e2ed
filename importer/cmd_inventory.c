/* SPDX-License-Identifier: Apache-2.0
 * efctl inventory: has the sources of inventory.yml asked for names, each by a program of its own
 * that knows no cluster. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "common/conf_dir.h"
#include "importer/client/app.h"
#include "importer/commands.h"
#include "importer/core/print.h"
#include "importer/core/table.h"
#include "importer/dictionary/dict_app.h"
#include "importer/dictionary/dict_layers.h"
#include "importer/inventory/inv_source.h"
#include "importer/inventory/inv_state.h"
#include "importer/inventory/inv_type.h"
#include "importer/inventory_seen.h"

#define PROGRAM   "efctl-inventory"
#define RUNS_AS   "efd-inventory"
#define WORDS_MAX 16

/* Beside efctl where both were built, in libexec where they are installed. */
static int find_program(char path[PATH_MAX], struct err *err)
{
	static const char *const places[] = { PROGRAM, "../libexec/efd/" PROGRAM };
	char own[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", own, sizeof(own) - 1);

	own[n < 0 ? 0 : n] = '\0';
	char *slash = strrchr(own, '/');
	for (size_t i = 0; slash && i < sizeof(places) / sizeof(places[0]); i++) {
		slash[1] = '\0';
		snprintf(path, PATH_MAX, "%.3000s%s", own, places[i]);
		if (access(path, X_OK) == 0)
			return 0;
	}
	return err_set(err, EF_FAILED,
		       PROGRAM
		       " is neither beside efctl nor in ../libexec/efd: it comes with efctl");
}

/* The folder that the program writes to, which is its user's; never what a link in its place leads
 * to. */
static int make_folder(const char *dir, const struct passwd *user, struct err *err)
{
	CLEANUP_FREE char *path = NULL;

	if (asprintf(&path, "%s/" DICT_DISCOVERED_DIR, dir) < 0)
		return err_set(err, EF_FAILED, "out of memory");
	bool made = (mkdir(dir, 0755) == 0 || errno == EEXIST) &&
		    (mkdir(path, 0755) == 0 || errno == EEXIST);
	CLEANUP_FD int fd = made ? open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) : -1;
	if (fd < 0 || (user && fchown(fd, user->pw_uid, user->pw_gid)))
		return err_errno(err, EF_FAILED, errno, "cannot make the folder %s", path);
	return 0;
}

/* In the child: the program as its own user, with nothing of the environment that could hold a
 * secret or lead it elsewhere. */
_Noreturn static void become_program(const char *path, char *const *argv, const struct passwd *user,
				     int in)
{
	char *const environment[] = { "LC_ALL=C.UTF-8", NULL };

	if (in < 0)
		in = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (in < 0 || dup2(in, STDIN_FILENO) < 0 || lseek(in, 0, SEEK_SET) < 0 ||
	    (user && (initgroups(user->pw_name, user->pw_gid) || setgid(user->pw_gid) ||
		      setuid(user->pw_uid))))
		_exit(EF_FAILED);
	execve(path, argv, environment);
	_exit(EF_FAILED);
}

struct asking {
	struct app *app;
	const char *file; /* inventory.yml */
	char program[PATH_MAX];
	const struct passwd *user; /* NULL: the caller */
	int seen; /* what the cluster has seen, a line an address; -1: it was not asked */
	bool looked;
};

/* The exporters of the last 30 days, for sources that ask these: the program has no connection of
 * its own. A cluster that does not answer is no reason not to ask those of the last time. */
static void look_at_cluster(struct asking *a)
{
	struct err err = ERR_NONE;
	int fd = memfd_create("exporters", MFD_CLOEXEC);

	a->looked = true;
	if (fd < 0)
		return;
	if (exporters_seen(a->app, fd, &err) == 0) {
		a->seen = fd;
		return;
	}
	close(fd);
	print_plain(stderr,
		    "efctl inventory: note: the cluster was not asked which exporters there are "
		    "(%s); going on with those of the last time\n",
		    err.msg);
}

/* The exit code of the program for one source. */
static int run_source(struct asking *a, const struct inv_source *s, struct err *err)
{
	const struct flags *flags = &a->app->flags;
	const char *words[WORDS_MAX] = { PROGRAM, "--file", a->file, "--dir",
					 a->app->dictionaries.dir };
	size_t n = 5;
	int status = 0;

	if (flags->dry_run)
		words[n++] = "--dry-run";
	if (flags->diff)
		words[n++] = "--diff";
	if (flags->force)
		words[n++] = "--force";
	if (flags->json)
		words[n++] = "--json";
	words[n++] = "--";
	words[n++] = s->name;
	if (s->type->form == INV_SNMP && s->seen && !a->looked)
		look_at_cluster(a);
	fflush(stdout);
	pid_t child = fork();
	if (child < 0)
		return err_errno(err, EF_FAILED, errno, "cannot start " PROGRAM);
	if (child == 0)
		become_program(a->program, (char *const *)(uintptr_t)words, a->user,
			       s->type->form == INV_SNMP ? a->seen : -1);
	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return err_errno(err, EF_FAILED, errno, PROGRAM);
	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	print_plain(stderr, "%s: " PROGRAM " was ended by signal %d%s\n", s->name, WTERMSIG(status),
		    WTERMSIG(status) == SIGALRM ? ": it did not keep to limits.seconds" : "");
	return EF_FAILED;
}

static bool is_asked(const struct app *app, const struct inv_source *s)
{
	struct inv_state state;
	char when[WHEN_MAX];

	for (size_t i = 0; i < app->args.n; i++)
		if (strcmp(app->args.item[i], s->name) == 0)
			return true;
	if (app->args.n)
		return false;
	if (app->flags.dry_run || app->flags.diff || app->flags.force)
		return true;
	inv_state_read(app->dictionaries.dir, s->name, &state);
	if (inv_state_is_due(&state, s->interval, (int64_t)clock_wall_ms()))
		return true;
	if (!app->flags.json)
		print_plain(stdout, "%-20s not due: asked %s\n", s->name,
			    when_text((uint64_t)state.asked_ms, when));
	return false;
}

static int run_sources(struct asking *a, const struct inv_sources *list, struct err *err)
{
	size_t asked = 0, failed = 0;
	int result = EF_DONE, code = EF_DONE;

	for (size_t i = 0; i < list->n; i++) {
		if (!is_asked(a->app, &list->source[i]))
			continue;
		int rc = run_source(a, &list->source[i], err);
		if (rc < 0)
			return -1;
		asked++;
		if (rc == EF_DIFFERENT) {
			result = EF_DIFFERENT;
		} else if (rc) {
			code = failed && code != rc ? EF_FAILED : rc;
			failed++;
		}
	}
	if (failed)
		return err_set(err, (enum ef_exit)code,
			       "%zu of %zu sources failed; the rows of before stay", failed, asked);
	return result;
}

/* Root asks as the program's own user, who may read the tokens and write the tables. */
static int prepare(struct asking *a, struct err *err)
{
	const struct flags *flags = &a->app->flags;

	if (find_program(a->program, err))
		return -1;
	a->user = geteuid() == 0 ? getpwnam(RUNS_AS) : NULL;
	return flags->dry_run || flags->diff ? 0
					     : make_folder(a->app->dictionaries.dir, a->user, err);
}

int cmd_inventory(struct app *app, struct err *err)
{
	CLEANUP_FREE char *usual = conf_dir_path(INVENTORY_FILE);
	struct asking a = { .app = app, .seen = -1 };
	struct inv_sources list;
	int rc = 0;

	a.file = app->dictionaries.inventory ? app->dictionaries.inventory : usual;
	if (!a.file)
		return err_set(err, EF_FAILED, "out of memory");
	if (inv_sources_read(a.file, &list, err))
		rc = err_wrap(err, "docs/inventory.md tells what stands there");
	for (size_t i = 0; i < app->args.n && rc == 0; i++)
		if (!inv_source_find(&list, app->args.item[i], err))
			rc = -1;
	if (rc == 0)
		rc = prepare(&a, err) ? -1 : run_sources(&a, &list, err);
	inv_sources_release(&list);
	if (a.seen >= 0)
		close(a.seen);
	return rc;
}
