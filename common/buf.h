/* SPDX-License-Identifier: Apache-2.0
 * A growing byte buffer with a ceiling that cannot be passed.
 *
 * The text is always followed by a NUL that `len` does not count, so `data` may be used as a string
 * once something was added. A failed addition (ceiling or memory) leaves the buffer as it was and
 * returns -1. */
#ifndef EF_COMMON_BUF_H
#define EF_COMMON_BUF_H

#include <stddef.h>

struct buf {
	char *data; /* NULL until the first addition */
	size_t len;
	size_t room;
	size_t ceiling; /* largest `len` allowed */
};

#define BUF_MUST __attribute__((warn_unused_result))

void buf_init(struct buf *b, size_t ceiling);
void buf_release(struct buf *b);
/* Empty it and keep the memory. */
void buf_clear(struct buf *b);
/* Make room for `more` further bytes. */
BUF_MUST int buf_reserve(struct buf *b, size_t more);
BUF_MUST int buf_add(struct buf *b, const void *bytes, size_t n);
BUF_MUST int buf_add_text(struct buf *b, const char *text);
BUF_MUST int buf_add_fmt(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The text, owned by the caller from now on (free()); the buffer is empty afterwards. NULL when
 * nothing was added. */
char *buf_steal(struct buf *b);

#define CLEANUP_BUF __attribute__((cleanup(buf_release)))

#endif
