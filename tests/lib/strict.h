/* SPDX-License-Identifier: Apache-2.0
 * A sink that gives just the memory that a line asked for, and looks whether the line is JSON
 * without a key twice. */
#ifndef EF_TESTS_LIB_STRICT_H
#define EF_TESTS_LIB_STRICT_H

#include "common/sink.h"

struct strict {
	struct sink sink;
	char *memory;
	size_t need;
	unsigned long lines;
};

void strict_init(struct strict *s);
/* Checks the last lines; to be called after each datagram. Aborts, with the line on standard error,
 * when it is bad. */
void strict_check(struct strict *s);
void strict_release(struct strict *s);

#endif
