/* SPDX-License-Identifier: Apache-2.0
 * The other output: closed batches as NDJSON to standard output or a file. */
#include "forwarder/output.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/log.h"
#include "common/regular.h"
#include "common/thread.h"

#define WAIT_MS 500

struct output {
	struct batch_pool *pool;
	char *path; /* NULL: standard output */
	int fd;
	pthread_t thread;
	bool started;
	bool is_pipe;
	atomic_int trouble; /* errno of the last write; 0: it was good */
	atomic_bool reopen, finishing, broken;
	_Atomic uint64_t lines, bytes, lost;
};

/* A file that an earlier run, killed while it wrote, left within a line: that line is ended, or
 * ours would be glued to it. */
static void end_half_line(const char *path, int fd)
{
	char last = '\n';
	struct stat st;
	struct err ignored = ERR_NONE;
	CLEANUP_FD int in = regular_open(path, &ignored);
	if (in < 0 || fstat(in, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size == 0 ||
	    pread(in, &last, 1, st.st_size - 1) != 1 || last == '\n')
		return;
	if (write(fd, "\n", 1) == 1)
		log_warn("output: %s ended within a line; it is left as it is", path);
}

/* -1 with errno. A FIFO is not waited for here; what is opened is looked at by the caller. */
static int open_to_append(const char *path, int flags)
{
	return open(path, O_WRONLY | O_APPEND | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | flags, 0640);
}

/* What takes lines as fast as the disk: a FIFO or a terminal would hold efd as long as its reader
 * likes. */
static int refuse_odd(const char *path, int fd, int why, struct err *err)
{
	struct stat st;
	if (fd < 0 && why != ENXIO) /* ENXIO: a FIFO without a reader, a socket */
		return err_errno(err, EF_FAILED, why, "output: cannot open %s", path);
	const char *what = fd < 0 ? "a FIFO or a socket" : fstat(fd, &st) ? NULL : regular_not(&st);
	return what ? err_set(err, EF_USAGE,
			      "output: %s is no regular file but %s: name a file, or write to "
			      "standard output with --output -",
			      path, what)
		    : 0;
}

int output_check(const char *path, struct err *err)
{
	if (strcmp(path, "-") == 0)
		return 0;
	CLEANUP_FD int fd = open_to_append(path, 0);
	if (fd < 0 && errno == ENOENT)
		return 0; /* it is made */
	return refuse_odd(path, fd, errno, err);
}

static int open_file(struct output *o, struct err *err)
{
	int fd = open_to_append(o->path, O_CREAT);
	if (refuse_odd(o->path, fd, errno, err)) {
		if (fd >= 0)
			close(fd);
		return -1;
	}
	end_half_line(o->path, fd);
	if (o->fd >= 0)
		close(o->fd);
	o->fd = fd;
	return 0;
}

static void reopen_if_asked(struct output *o)
{
	struct err err = ERR_NONE;
	if (!o->path || !atomic_exchange(&o->reopen, false))
		return;
	if (open_file(o, &err) < 0)
		log_error("%s; writing on to the old file", err.msg);
}

/* Lines among the first `len` bytes of a batch; all of it needs no counting. */
static void count_lines(struct output *o, const struct batch *b, size_t len)
{
	uint64_t lines = len == b->len ? b->items : 0;
	for (size_t i = 0; i < len && len < b->len; i++)
		lines += b->data[i] == '\n';
	o->lines += lines;
	o->bytes += len;
}

/* The disk took the first `at` bytes: takes back what is less than a line, so that the file has
 * whole lines only while it waits, whoever reads it or writes on. Returns how many bytes are in the
 * file then. A pipe gives nothing back. */
static size_t take_back(struct output *o, const struct batch *b, size_t at)
{
	const char *line = memrchr(b->data, '\n', at);
	size_t whole = line ? (size_t)(line + 1 - b->data) : 0;
	struct stat st;
	if (whole == at || fstat(o->fd, &st) < 0 || !S_ISREG(st.st_mode) ||
	    ftruncate(o->fd, st.st_size - (off_t)(at - whole)) < 0)
		return at;
	return whole;
}

/* A pipe whose reader stands still takes no more than there is room for, or a stop would wait for
 * it: EAGAIN. */
static ssize_t write_some(struct output *o, const char *data, size_t len)
{
	struct pollfd room = { .fd = o->fd, .events = POLLOUT };
	if (o->is_pipe && poll(&room, 1, WAIT_MS) <= 0) {
		errno = EAGAIN;
		return -1;
	}
	return write(o->fd, data, o->is_pipe && len > PIPE_BUF ? PIPE_BUF : len);
}

/* Writes whole, or says why not. A disk that is full may have room later: then it waits, and so do
 * the workers. */
static bool write_batch(struct output *o, const struct batch *b)
{
	for (size_t at = 0; at < b->len;) {
		ssize_t n = write_some(o, b->data + at, b->len - at);
		if (n >= 0) {
			o->trouble = 0;
			at += (size_t)n;
			continue;
		}
		if (errno == EINTR || (errno == EAGAIN && !o->finishing))
			continue;
		if (errno == EPIPE) {
			o->broken = true;
			return false;
		}
		o->trouble = errno;
		log_error("output: cannot write: %s; trying again", strerror(errno));
		at = take_back(o, b, at);
		if (o->finishing) {
			count_lines(o, b, at);
			return false;
		}
		usleep(WAIT_MS * 1000);
		reopen_if_asked(o);
	}
	return true;
}

static void *output_main(void *arg)
{
	struct output *o = arg;
	while (!batch_pool_finished(o->pool)) {
		struct batch *b = batch_pool_next(o->pool, WAIT_MS);
		reopen_if_asked(o);
		if (!b)
			continue;
		uint64_t before = o->lines;
		if (!o->broken && write_batch(o, b))
			count_lines(o, b, b->len);
		o->lost += b->items - (o->lines - before);
		batch_pool_return(o->pool, b);
	}
	return NULL;
}

struct output *output_new(const char *path, uint32_t buffers, size_t batch_bytes, struct err *err)
{
	struct output *o = calloc(1, sizeof(*o));
	if (!o) {
		err_set(err, EF_FAILED, "out of memory");
		return NULL;
	}
	o->fd = -1;
	if (strcmp(path, "-") == 0)
		o->fd = STDOUT_FILENO;
	else if (!(o->path = strdup(path)))
		err_set(err, EF_FAILED, "out of memory");
	else
		open_file(o, err);
	o->pool = o->fd >= 0 ? batch_pool_new(buffers, batch_bytes, err) : NULL;
	if (!o->pool) {
		output_free(o);
		return NULL;
	}
	struct stat st;
	o->is_pipe = fstat(o->fd, &st) == 0 && S_ISFIFO(st.st_mode);
	o->started = thread_start(&o->thread, "output", output_main, o, err) == 0;
	if (o->started)
		return o;
	output_free(o);
	return NULL;
}

struct batch_pool *output_pool(struct output *o)
{
	return o->pool;
}

void output_reopen(struct output *o)
{
	o->reopen = true;
}

void output_counts(const struct output *o, uint64_t *ret_lines, uint64_t *ret_bytes)
{
	*ret_lines = o->lines;
	*ret_bytes = o->bytes;
}

void output_problem(const struct output *o, char *text, size_t room)
{
	int why = o->trouble;
	*text = '\0';
	if (why)
		snprintf(text, room, "the output %s cannot be written to: %s",
			 o->path ? o->path : "(standard output)", strerror(why));
}

bool output_broken(const struct output *o)
{
	return o->broken;
}

void output_hurry(struct output *o)
{
	o->finishing = true;
}

uint64_t output_finish(struct output *o)
{
	output_hurry(o);
	batch_pool_finish(o->pool);
	if (o->started)
		pthread_join(o->thread, NULL);
	o->started = false;
	return o->lost;
}

void output_free(struct output *o)
{
	if (!o)
		return;
	if (o->pool)
		output_finish(o);
	batch_pool_free(o->pool);
	if (o->path && o->fd >= 0)
		close(o->fd);
	free(o->path);
	free(o);
}
