/* SPDX-License-Identifier: Apache-2.0
 * Reads datagrams written as hex text, the input of golden cases. */
#include "tests/lib/hexfile.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

struct hexfile {
	FILE *file;
	const char *path;
	char line[4096]; /* read, but not used yet; "" for none */
	unsigned number;
	uint8_t data[65536];
	size_t len;
};

int hexfile_open(const char *path, struct hexfile **ret, struct err *err)
{
	struct hexfile *f = calloc(1, sizeof(*f));
	if (!f)
		return err_set(err, EF_FAILED, "no memory");
	f->path = path;
	f->file = fopen(path, "r");
	if (!f->file) {
		free(f);
		return err_errno(err, EF_USAGE, errno, "%s", path);
	}
	*ret = f;
	return 0;
}

void hexfile_free(struct hexfile *f)
{
	if (!f)
		return;
	fclose(f->file);
	free(f);
}

/* The next line that says something, without comment, in f->line; false at the end. */
static bool fill(struct hexfile *f)
{
	while (!f->line[strspn(f->line, " \t\r\n")]) {
		if (!fgets(f->line, sizeof(f->line), f->file))
			return false;
		f->number++;
		f->line[strcspn(f->line, "#\n")] = '\0';
	}
	return true;
}

static int digit(char c)
{
	return c <= '9' ? c - '0' : tolower((unsigned char)c) - 'a' + 10;
}

static int hex_line(struct hexfile *f, struct err *err)
{
	const char *p = f->line;
	for (;;) {
		p += strspn(p, " \t\r");
		if (!*p)
			break;
		if (!isxdigit((unsigned char)p[0]) || !isxdigit((unsigned char)p[1]))
			return err_set(err, EF_USAGE, "%s:%u: want pairs of hex digits, not '%s'",
				       f->path, f->number, p);
		if (f->len < sizeof(f->data))
			f->data[f->len++] = (uint8_t)(digit(p[0]) << 4 | digit(p[1]));
		p += 2;
	}
	f->line[0] = '\0';
	return 0;
}

static bool is_step(const char *line)
{
	static const char *const words[] = { "datagram ", "message ", "close ", "tick ",
					     "restart" };
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (strncmp(line, words[i], strlen(words[i])) == 0)
			return true;
	return false;
}

int hexfile_next(struct hexfile *f, enum hex_step *ret_step, struct datagram *ret, struct err *err)
{
	char address[64];
	unsigned long long time_ms = 0;
	unsigned port = 0;
	if (!fill(f)) {
		*ret_step = HEX_END;
		return 0;
	}
	*ret = (struct datagram){ 0 };
	if (strncmp(f->line, "restart", 7) == 0) {
		*ret_step = HEX_RESTART;
	} else if (sscanf(f->line, "tick %llu", &time_ms) == 1) {
		*ret_step = HEX_TICK;
	} else if (sscanf(f->line, "datagram %63s %u %llu", address, &port, &time_ms) == 3 ||
		   sscanf(f->line, "message %63s %u %llu", address, &port, &time_ms) == 3 ||
		   sscanf(f->line, "close %63s %u", address, &port) == 2) {
		*ret_step = f->line[0] == 'd'   ? HEX_DATAGRAM
			    : f->line[0] == 'm' ? HEX_MESSAGE
						: HEX_CLOSE;
		if (ip_parse(address, &ret->src, err))
			return err_wrap(err, "%s:%u", f->path, f->number);
	} else {
		return err_set(err, EF_USAGE,
			       "%s:%u: want datagram, message, close, tick or restart, not '%s'",
			       f->path, f->number, f->line);
	}
	f->line[0] = '\0';
	f->len = 0;
	bool has_bytes = *ret_step == HEX_DATAGRAM || *ret_step == HEX_MESSAGE;
	while (has_bytes && fill(f) && !is_step(f->line))
		if (hex_line(f, err))
			return -1;
	ret->port = (uint16_t)port;
	ret->received_ms = time_ms;
	ret->data = f->data;
	ret->len = f->len;
	return 0;
}
