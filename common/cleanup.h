/* SPDX-License-Identifier: Apache-2.0
 * Variables that release what they hold when their scope ends. Declare them where they are
 * initialised; take a value out with steal_ptr(). */
#ifndef EF_COMMON_CLEANUP_H
#define EF_COMMON_CLEANUP_H

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static inline void cleanup_free_(void *p)
{
	free(*(void **)p);
}

static inline void cleanup_file_(FILE **f)
{
	if (*f)
		fclose(*f);
}

static inline void cleanup_fd_(const int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static inline void cleanup_json_(json_t **j)
{
	json_decref(*j);
}

#define CLEANUP_FREE __attribute__((cleanup(cleanup_free_)))
#define CLEANUP_FILE __attribute__((cleanup(cleanup_file_)))
#define CLEANUP_FD   __attribute__((cleanup(cleanup_fd_)))
#define CLEANUP_JSON __attribute__((cleanup(cleanup_json_)))

/* The value of a cleanup pointer, which is NULL afterwards. */
#define steal_ptr(p)                         \
	({                                   \
		__typeof__(p) stolen_ = (p); \
		(p) = NULL;                  \
		stolen_;                     \
	})

#endif
