/* SPDX-License-Identifier: Apache-2.0
 * Where efctl flows writes: standard output, a file, or a gzip file, in pieces
 * that each are whole. */
#include "importer/flows_sink.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "forwarder/ship/compress.h"
#include "importer/core/files.h"
#include "importer/core/memory.h"

struct flows_sink {
	char *path; /* NULL: standard output */
	int fd;
	struct gzip *gz; /* NULL: plain */
	FILE *out;       /* into `text` */
	char *text;
	size_t len;
	off_t whole; /* bytes that were written whole */
};

static void sink_begin(struct flows_sink *sink)
{
	sink->out = open_memstream(&sink->text, &sink->len);
	if (!sink->out)
		memory_out();
}

static void sink_free(struct flows_sink *sink)
{
	if (sink->out)
		fclose(sink->out);
	free(sink->text);
	gzip_free(sink->gz);
	if (sink->path && sink->fd >= 0)
		close(sink->fd);
	free(sink->path);
	free(sink);
}

int flows_sink_open(const char *path, struct flows_sink **ret_sink, struct err *err)
{
	struct flows_sink *sink = calloc(1, sizeof(*sink));
	if (!sink)
		memory_out();
	sink->fd = STDOUT_FILENO;
	if (path && strcmp(path, "-") != 0) {
		const size_t len = strlen(path);
		const bool packed = len > 3 && strcmp(path + len - 3, ".gz") == 0;
		if (file_is_plain(path, err)) {
			sink_free(sink);
			return -1;
		}
		sink->path = strdup(path);
		sink->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0666);
		sink->gz = packed ? gzip_new() : NULL;
		if (!sink->path || (packed && !sink->gz))
			memory_out();
	}
	if (sink->fd < 0) {
		err_errno(err, EF_FAILED, errno, "%s", path);
		sink_free(sink);
		return -1;
	}
	sink_begin(sink);
	*ret_sink = sink;
	return 0;
}

FILE *flows_sink_out(struct flows_sink *sink)
{
	return sink->out;
}

/* Takes half a piece back, where that can be. */
static int sink_fail(const struct flows_sink *sink, struct err *err)
{
	const int error = errno;
	if (sink->path && ftruncate(sink->fd, sink->whole) == 0)
		lseek(sink->fd, sink->whole, SEEK_SET);
	return err_errno(err, EF_FAILED, error, "%s", sink->path ? sink->path : "standard output");
}

static int sink_write(struct flows_sink *sink, const char *data, size_t len, struct err *err)
{
	const off_t end = sink->whole + (off_t)len;
	while (len) {
		const ssize_t n = write(sink->fd, data, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return sink_fail(sink, err);
		data += n;
		len -= (size_t)n;
	}
	sink->whole = end;
	return 0;
}

int flows_sink_pass(struct flows_sink *sink, struct err *err)
{
	int result = 0;
	if (fclose(sink->out))
		memory_out();
	sink->out = NULL;
	if (sink->gz && sink->len) { /* each piece is a member: together they are one file */
		size_t packed_len;
		CLEANUP_FREE void *packed = gzip_pack(sink->gz, sink->text, sink->len, &packed_len);
		if (!packed)
			memory_out();
		result = sink_write(sink, packed, packed_len, err);
	} else {
		result = sink_write(sink, sink->text, sink->len, err);
	}
	free(sink->text);
	sink->text = NULL;
	sink_begin(sink);
	return result;
}

int flows_sink_close(struct flows_sink *sink, struct err *err)
{
	if (!sink)
		return 0;
	int result = flows_sink_pass(sink, err);
	if (result == 0 && sink->path) {
		const int fd = sink->fd;
		sink->fd = -1;
		if (close(fd))
			result = err_errno(err, EF_FAILED, errno, "%s", sink->path);
	}
	sink_free(sink);
	return result;
}
