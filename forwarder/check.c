/* SPDX-License-Identifier: Apache-2.0
 * What a start or a reload would find wrong, found without one: files, folders and addresses of
 * this host, and what answers as the output. */
#include "forwarder/check.h"

#include <errno.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/http.h"
#include "common/log.h"
#include "common/plain.h"
#include "forwarder/decode/template/field.h"
#include "forwarder/ship/shipper.h"
#include "forwarder/tee.h"
#include "forwarder/udp.h"

#define PATH_ROOM 4096

/* ---- files and folders ---- */

/* Whether something can be made in the folder that `path` is in. */
static int can_be_made(const char *name, const char *path, struct err *err)
{
	char copy[PATH_ROOM];
	if (snprintf(copy, sizeof(copy), "%s", path) >= (int)sizeof(copy))
		return err_set(err, EF_USAGE, "%s: '%.60s…' is too long", name, path);
	if (access(dirname(copy), W_OK | X_OK) < 0)
		return err_errno(err, EF_FAILED, errno, "%s: cannot make %s", name, path);
	return 0;
}

/* A folder that is there and can be written to, or that can be made. */
static int check_folder(const char *name, const char *path, const char *made_before,
			struct err *err)
{
	struct stat st;
	size_t n = made_before ? strlen(made_before) : 0;
	if (!path)
		return 0;
	if (stat(path, &st) == 0 && !S_ISDIR(st.st_mode))
		return err_set(err, EF_FAILED, "%s: %s is no folder", name, path);
	if (access(path, W_OK | X_OK) == 0)
		return 0;
	if (errno != ENOENT)
		return err_errno(err, EF_FAILED, errno, "%s: cannot write to %s", name, path);
	if (n && strncmp(path, made_before, n) == 0 && path[n] == '/')
		return 0; /* in one that the start makes first */
	return can_be_made(name, path, err);
}

static int check_file(const char *name, const char *path, struct err *err)
{
	struct stat st;
	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return err_set(err, EF_FAILED, "%s: %s is a folder", name, path);
	if (access(path, W_OK) == 0)
		return 0;
	if (errno != ENOENT)
		return err_errno(err, EF_FAILED, errno, "%s: cannot open %s", name, path);
	return can_be_made(name, path, err);
}

static bool ships(const struct settings *s)
{
	return strcmp(s->output, "elasticsearch") == 0;
}

static int check_files(const struct settings *s, struct err *err)
{
	struct fields *table = fields_open(s->elements.item, s->elements.n, err);
	if (!table)
		return -1;
	fields_free(table);
	if (check_folder("state.dir", s->state_dir, NULL, err) < 0)
		return -1;
	if (ships(s))
		return check_folder("spool.dir", s->ship.spool_dir, s->state_dir, err);
	return strcmp(s->output, "-") == 0 ? 0 : check_file("output", s->output, err);
}

/* ---- addresses ---- */

static int check_bind(const char *name, const char *text, int type, bool loopback_default,
		      struct err *err)
{
	struct listen_address a;
	if (listen_parse(text, loopback_default, &a, err) < 0)
		return err_wrap(err, "%s", name);
	CLEANUP_FD int fd = socket(a.addr.ss_family, type | SOCK_CLOEXEC, 0);
	if (fd < 0 || bind(fd, (const struct sockaddr *)&a.addr, a.len) == 0 ||
	    (errno != EADDRNOTAVAIL && errno != EACCES))
		return 0; /* a start knows a way without IPv6 */
	return err_errno(err, EF_FAILED, errno, "%s: cannot listen on %s", name, text);
}

static int check_listens(const struct settings *s, struct err *err)
{
	for (size_t i = 0; i < s->udp_listen.n; i++)
		if (check_bind("udp.listen", s->udp_listen.item[i], SOCK_DGRAM, false, err) < 0)
			return -1;
	for (size_t i = 0; i < s->tcp_listen.n; i++)
		if (check_bind("tcp.listen", s->tcp_listen.item[i], SOCK_STREAM, false, err) < 0)
			return -1;
	return s->metrics_listen && *s->metrics_listen
		   ? check_bind("metrics.listen", s->metrics_listen, SOCK_STREAM, true, err)
		   : 0;
}

static int check_tee(const struct settings *s, struct err *err)
{
	bool ignored;
	struct tee *tee = s->tee.n ? tee_new(&s->tee, &s->udp_listen, false, &ignored, err) : NULL;
	tee_free(tee);
	return s->tee.n && !tee ? -1 : 0;
}

/* A start goes on with those that it has, which may be what was meant on a smaller machine. */
static void look_at_cpus(const struct settings *s)
{
	long n = sysconf(_SC_NPROCESSORS_CONF);
	for (size_t i = 0; i < s->cpus.n; i++)
		if (strtol(s->cpus.item[i], NULL, 10) >= n)
			log_warn("udp.cpus: this host has no processor %s, the last one is %ld",
				 s->cpus.item[i], n - 1);
}

int check_settings(const struct settings *s, struct err *err)
{
	if (check_files(s, err) < 0 || check_listens(s, err) < 0 || check_tee(s, err) < 0)
		return -1;
	look_at_cpus(s);
	return ships(s) ? http_check_files(&s->elastic, err) : 0;
}

/* ---- the output ---- */

static int look_at(const struct settings *s, char *url)
{
	struct err err = ERR_NONE;
	char text[600];
	struct elastic_settings one = s->elastic; /* borrows */
	one.url = (struct strlist){ .item = &url, .n = 1 };
	int code = shipper_look(&s->ship, &one, text, sizeof(text), &err);
	fprintf(code ? stderr : stdout, "%s\n", plain_text(code < 0 ? err.msg : text));
	return code < 0 ? (int)err.code : code;
}

int check_output(const struct settings *s)
{
	struct err err = ERR_NONE;
	int code = EF_DONE;
	if (!ships(s)) {
		if (strcmp(s->output, "-") != 0 && check_file("output", s->output, &err) < 0) {
			fprintf(stderr, "%s\n", plain_text(err.msg));
			return err.code;
		}
		puts("the output can be written to");
		return EF_DONE;
	}
	log_set_level(LOG_LEVEL_ERROR);
	for (size_t i = 0; i < s->elastic.url.n; i++) {
		int one = look_at(s, s->elastic.url.item[i]);
		code = code ? code : one;
	}
	return code;
}
