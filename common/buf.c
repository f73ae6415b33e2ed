/* SPDX-License-Identifier: Apache-2.0
 * A growing byte buffer with a ceiling that cannot be passed. */
#include "common/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void buf_init(struct buf *b, size_t ceiling)
{
	*b = (struct buf){ .ceiling = ceiling };
}

void buf_release(struct buf *b)
{
	free(b->data);
	buf_init(b, b->ceiling);
}

void buf_clear(struct buf *b)
{
	b->len = 0;
	if (b->data)
		b->data[0] = '\0';
}

int buf_reserve(struct buf *b, size_t more)
{
	if (b->len > b->ceiling || more > b->ceiling - b->len)
		return -1;
	size_t need = b->len + more + 1; /* the NUL */
	if (need <= b->room)
		return 0;

	size_t room = b->room ? b->room : 256;
	while (room < need)
		room *= 2;
	if (room > b->ceiling + 1)
		room = b->ceiling + 1;
	char *data = realloc(b->data, room);
	if (!data)
		return -1;
	b->data = data;
	b->room = room;
	b->data[b->len] = '\0';
	return 0;
}

int buf_add(struct buf *b, const void *bytes, size_t n)
{
	if (buf_reserve(b, n))
		return -1;
	if (n)
		memcpy(b->data + b->len, bytes, n);
	b->len += n;
	b->data[b->len] = '\0';
	return 0;
}

int buf_add_text(struct buf *b, const char *text)
{
	return buf_add(b, text, strlen(text));
}

int buf_add_fmt(struct buf *b, const char *fmt, ...)
{
	va_list args, again;
	va_start(args, fmt);
	va_copy(again, args);
	int n = vsnprintf(NULL, 0, fmt, args);
	va_end(args);
	int failed = n < 0 || buf_reserve(b, (size_t)n);
	if (!failed) {
		vsnprintf(b->data + b->len, (size_t)n + 1, fmt, again);
		b->len += (size_t)n;
	}
	va_end(again);
	return failed ? -1 : 0;
}

char *buf_steal(struct buf *b)
{
	char *data = b->data;
	b->data = NULL;
	buf_init(b, b->ceiling);
	return data;
}
