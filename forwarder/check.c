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
#include "forwarder/output.h"
#include "forwarder/service.h"
#include "forwarder/ship/reject.h"
#include "forwarder/ship/shipper.h"
#include "forwarder/state.h"
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
	bool there = stat(path, &st) == 0;
	if (there && !S_ISDIR(st.st_mode))
		return err_set(err, EF_FAILED, "%s: %s is no folder", name, path);
	if (!there && errno == ENOENT && lstat(path, &st) == 0)
		return err_set(err, EF_FAILED, "%s: %s is a link that leads nowhere", name, path);
	if (access(path, W_OK | X_OK) == 0)
		return 0;
	if (errno != ENOENT)
		return err_errno(err, EF_FAILED, errno, "%s: cannot write to %s", name, path);
	if (n && strncmp(path, made_before, n) == 0 && path[n] == '/')
		return 0; /* in one that the start makes first */
	return can_be_made(name, path, err);
}

static int check_output_file(const char *path, struct err *err)
{
	if (strcmp(path, "-") == 0)
		return 0;
	if (output_check(path, err) < 0)
		return -1;
	return access(path, F_OK) == 0 ? 0 : can_be_made("output", path, err);
}

static bool ships(const struct settings *s)
{
	return strcmp(s->output, "elasticsearch") == 0;
}

/* In a folder that the start makes first it can be made. */
static int check_rejects(const struct settings *s, struct err *err)
{
	const char *path = s->ship.reject_file;
	size_t n = s->state_dir ? strlen(s->state_dir) : 0;
	bool made_before = n && path && strncmp(path, s->state_dir, n) == 0 && path[n] == '/' &&
			   !strchr(path + n + 1, '/') && access(s->state_dir, F_OK) < 0;
	return !path || made_before ? 0 : reject_file_check(path, err);
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
		return check_folder("spool.dir", s->ship.spool_dir, s->state_dir, err) ||
			       check_rejects(s, err)
			   ? -1
			   : 0;
	return check_output_file(s->output, err);
}

/* ---- addresses ---- */

/* The addresses of one kind of socket that were looked at. */
struct listens {
	int type; /* SOCK_DGRAM, SOCK_STREAM */
	size_t n;
	struct listen_address *a;
	const char **text; /* borrowed */
};

static int check_bind(const char *name, const char *text, int type, const struct listen_address *a,
		      struct err *err)
{
	CLEANUP_FD int fd = socket(a->addr.ss_family, type | SOCK_CLOEXEC, 0);
	if (fd < 0 || bind(fd, (const struct sockaddr *)&a->addr, a->len) == 0)
		return 0; /* a start knows a way without IPv6 */
	if (errno == EADDRINUSE)
		return 0; /* by the efd that runs, say */
	if (service_sockets())
		return 0; /* systemd may have bound it, who may more */
	return err_errno(err, EF_FAILED, errno, "%s: cannot listen on %s", name, text);
}

static int check_listen(struct listens *l, const char *name, const char *text,
			bool loopback_default, struct err *err)
{
	struct listen_address *a = &l->a[l->n];
	if (listen_parse(text, loopback_default, a, err) < 0)
		return err_wrap(err, "%s", name);
	for (size_t i = 0; i < l->n; i++)
		if (listen_meet(&l->a[i], a))
			return err_set(err, EF_USAGE,
				       "%s: %s is, as a whole or in part, the same address as %s: "
				       "leave one of them out",
				       name, text, l->text[i]);
	l->text[l->n++] = text;
	return check_bind(name, text, l->type, a, err);
}

static int check_listens(const struct settings *s, struct err *err)
{
	const size_t n = s->udp_listen.n + s->tcp_listen.n + 1;
	CLEANUP_FREE struct listen_address *a = calloc(n, sizeof(*a));
	CLEANUP_FREE const char **text = calloc(n, sizeof(*text));
	struct listens udp = { .type = SOCK_DGRAM, .a = a, .text = text };
	struct listens tcp = { .type = SOCK_STREAM,
			       .a = a + s->udp_listen.n,
			       .text = text + s->udp_listen.n };
	if (!a || !text)
		return err_set(err, EF_FAILED, "out of memory");
	for (size_t i = 0; i < s->udp_listen.n; i++)
		if (check_listen(&udp, "udp.listen", s->udp_listen.item[i], false, err) < 0)
			return -1;
	for (size_t i = 0; i < s->tcp_listen.n; i++)
		if (check_listen(&tcp, "tcp.listen", s->tcp_listen.item[i], false, err) < 0)
			return -1;
	return s->metrics_listen && *s->metrics_listen
		   ? check_listen(&tcp, "metrics.listen", s->metrics_listen, true, err)
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

/* What is no saved state is no reason not to start: what was learnt is lost. */
static void look_at_state(const struct settings *s)
{
	for (uint32_t i = 0; s->state_dir && i < (uint32_t)s->workers; i++) {
		struct err err = ERR_NONE;
		if (state_check(s->state_dir, i, (uint32_t)s->workers, &err) < 0)
			log_warn("%s; a start would go without what it should hold", err.msg);
	}
}

void check_doubts(const struct settings *s)
{
	look_at_cpus(s);
	look_at_state(s);
}

int check_settings(const struct settings *s, struct err *err)
{
	if (check_files(s, err) < 0 || check_listens(s, err) < 0 || check_tee(s, err) < 0)
		return -1;
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
		if (check_output_file(s->output, &err) == 0) {
			puts("the output can be opened");
			return EF_DONE;
		}
		fprintf(stderr, "%s\n", plain_text(err.msg));
		return err.code;
	}
	log_set_level(LOG_LEVEL_ERROR);
	for (size_t i = 0; i < s->elastic.url.n; i++) {
		int one = look_at(s, s->elastic.url.item[i]);
		code = code ? code : one;
	}
	return code;
}
