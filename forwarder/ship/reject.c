/* SPDX-License-Identifier: Apache-2.0
 * What Elasticsearch refuses for good: documents for the failed stream, and the reject file where
 * even that fails. */
#include "forwarder/ship/reject.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "common/ecs.h"
#include "common/names.h"
#include "common/regular.h"

#define REASON_MAX 2000 /* characters of a reason that are kept */

/* The action row's object: {"_index":…, "_id":…}. */
static json_t *row_target(const struct bulk_item *item)
{
	CLEANUP_JSON json_t *row = json_loadb(item->row, item->row_len, 0, NULL);
	return json_incref(json_object_get(row, "create"));
}

static json_t *text_json(const char *text, size_t len)
{
	json_t *j = json_stringn(text, len);
	return j ? j : json_stringn_nocheck("(not UTF-8)", 11);
}

static json_t *reason_json(const char *reason)
{
	size_t len = strlen(reason);
	if (len > REASON_MAX)
		for (len = REASON_MAX; len && ((unsigned char)reason[len] & 0xc0) == 0x80;)
			len--;
	return text_json(reason, len);
}

/* Adds `object` as one line; takes the reference. */
static int add_json_line(struct buf *out, json_t *object, struct err *err)
{
	CLEANUP_FREE char *text = object ? json_dumps(object, JSON_COMPACT) : NULL;
	json_decref(object);
	if (!text || buf_add_text(out, text) || buf_add(out, "\n", 1))
		return err_set(err, EF_FAILED, "out of memory");
	return 0;
}

int reject_document(struct buf *body, const char *prefix, const char *ns,
		    const struct bulk_item *item, const struct bulk_outcome *why, uint64_t now_ms,
		    struct err *err)
{
	CLEANUP_JSON json_t *target = row_target(item);
	const char *id = json_string_value(json_object_get(target, "_id"));
	char stream[BULK_STREAM_MAX], now[CLOCK_TEXT_MAX];
	bulk_stream(BULK_FAILED, prefix, ns, stream);
	clock_text_ms(now_ms, now);
	size_t before = body->len;
	json_t *row = json_pack("{s:{s:s, s:s*}}", "create", "_index", stream, "_id", id);
	char code[16], message[256];
	snprintf(code, sizeof(code), "%d", why->status);
	snprintf(message, sizeof(message), "flow record refused: %.200s", why->type);
	json_t *doc = json_pack("{s:s, s:s, s:{s:s}, s:{s:s, s:s, s:s, s:o}, s:{s:s, s:o, s:s}}",
				"@timestamp", now, "message", message, "ecs", "version",
				ECS_VERSION, "event", "kind", "pipeline_error", "module", "flow",
				"dataset", NAME(prefix, "flow.failed"), "original",
				text_json(item->line, item->line_len), "error", "type", why->type,
				"message", reason_json(why->reason), "code", code);
	if (add_json_line(body, row, err) < 0 || add_json_line(body, doc, err) < 0) {
		body->len = before;
		return -1;
	}
	return 0;
}

struct reject_file {
	pthread_mutex_t lock;
	char *path;
	uint64_t max_bytes;
};

/* The file to write to, with what it is in *ret_st; -1 with errno. An entry that is no plain file
 * is none of ours, and a FIFO would hold the sender. */
static int open_for_lines(const char *path, struct stat *ret_st)
{
	int fd =
	    open(path, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
	if (fd < 0)
		return -1;
	int errnum = fstat(fd, ret_st) < 0 ? errno : S_ISREG(ret_st->st_mode) ? 0 : EINVAL;
	if (!errnum)
		return fd;
	close(fd);
	errno = errnum;
	return -1;
}

/* Whether the folder that `path` is in can be written to: the file is made there, and makes room
 * by a rename. */
static int check_reject_folder(const char *path, struct err *err)
{
	char copy[PATH_MAX];
	if (snprintf(copy, sizeof(copy), "%s", path) >= (int)sizeof(copy) - 2)
		return err_set(err, EF_USAGE, "ship.reject_file: '%.60s…' is too long", path);
	const char *folder = dirname(copy);
	return access(folder, W_OK | X_OK) == 0
		   ? 0
		   : err_errno(err, EF_FAILED, errno,
			       "ship.reject_file: cannot write to the folder %s", folder);
}

int reject_file_check(const char *path, struct err *err)
{
	struct stat st;
	if (check_reject_folder(path, err) < 0)
		return -1;
	if (lstat(path, &st) < 0)
		return errno == ENOENT ? 0
				       : err_errno(err, EF_FAILED, errno,
						   "ship.reject_file: cannot look at %s", path);
	if (!S_ISREG(st.st_mode))
		return err_set(err, EF_USAGE,
			       "ship.reject_file: %s is no regular file but %s: name another one, "
			       "or remove it",
			       path, S_ISCHR(st.st_mode) ? "a device" : regular_not(&st));
	CLEANUP_FD int fd = open_for_lines(path, &st);
	return fd >= 0
		   ? 0
		   : err_errno(err, EF_FAILED, errno, "ship.reject_file: cannot write to %s", path);
}

struct reject_file *reject_file_new(const char *path, uint64_t max_bytes, struct err *err)
{
	struct reject_file *f = calloc(1, sizeof(*f));
	char *copy = strdup(path);
	if (!f || !copy) {
		free(f);
		free(copy);
		err_set(err, EF_FAILED, "out of memory");
		return NULL;
	}
	f->path = copy;
	f->max_bytes = max_bytes;
	pthread_mutex_init(&f->lock, NULL);
	return f;
}

void reject_file_free(struct reject_file *f)
{
	if (!f)
		return;
	pthread_mutex_destroy(&f->lock);
	free(f->path);
	free(f);
}

/* How many lines the file holds; 0 when there is none. */
static uint64_t lines_of(const char *path)
{
	CLEANUP_FD int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;
	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return 0;
	char piece[8192];
	uint64_t lines = 0;
	for (ssize_t n; (n = read(fd, piece, sizeof(piece))) > 0;)
		for (const char *at = piece; (at = memchr(at, '\n', (size_t)(piece + n - at)));
		     at++)
			lines++;
	return lines;
}

static int append_line(struct reject_file *f, const struct buf *line, uint64_t *ret_lost,
		       struct err *err)
{
	struct stat st;
	CLEANUP_FD int fd = open_for_lines(f->path, &st);
	if (fd >= 0 && (uint64_t)st.st_size + line->len > f->max_bytes && st.st_size > 0) {
		char old[PATH_MAX];
		snprintf(old, sizeof(old), "%s.1", f->path);
		uint64_t lost = lines_of(old);
		if (rename(f->path, old) < 0)
			return err_errno(err, EF_FAILED, errno,
					 "reject file %s is full, and cannot make room: %s",
					 f->path, old);
		*ret_lost = lost;
		close(fd);
		fd = open_for_lines(f->path, &st);
	}
	if (fd < 0)
		return err_errno(err, EF_FAILED, errno, "reject file %s: cannot open", f->path);
	ssize_t n = write(fd, line->data, line->len);
	if (n == (ssize_t)line->len)
		return 0;
	int errnum = n < 0 ? errno : ENOSPC;
	/* no half a line for the next one to be appended to */
	if (n > 0 && ftruncate(fd, st.st_size) < 0)
		errnum = errno;
	return err_errno(err, EF_FAILED, errnum, "reject file %s: cannot write", f->path);
}

int reject_file_add(struct reject_file *f, const struct bulk_item *item,
		    const struct bulk_outcome *why, uint64_t now_ms, uint64_t *ret_lost,
		    struct err *err)
{
	*ret_lost = 0;
	CLEANUP_JSON json_t *target = row_target(item);
	const char *index = json_string_value(json_object_get(target, "_index"));
	json_t *line = json_loadb(item->line, item->line_len, 0, NULL);
	char now[CLOCK_TEXT_MAX];
	clock_text_ms(now_ms, now);
	CLEANUP_BUF struct buf text;
	buf_init(&text, 16u << 20);
	if (!line)
		line = text_json(item->line, item->line_len);
	json_t *object = json_pack(
	    "{s:s, s:i, s:s, s:o, s:s, s:o}", "time", now, "status", why->status, "type", why->type,
	    "reason", reason_json(why->reason), "index", index ? index : "", "line", line);
	if (add_json_line(&text, object, err) < 0)
		return -1;
	pthread_mutex_lock(&f->lock);
	int result = append_line(f, &text, ret_lost, err);
	pthread_mutex_unlock(&f->lock);
	return result;
}
