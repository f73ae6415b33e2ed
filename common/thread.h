/* SPDX-License-Identifier: Apache-2.0
 * Threads, all with one stack size that is said here and not by the system. */
#ifndef EF_COMMON_THREAD_H
#define EF_COMMON_THREAD_H

#include <pthread.h>

#include "common/err.h"

/*
 * Bytes of a thread's stack. No frame of ours is above 16 KiB (the compiler refuses one); what was
 * touched is 24 KiB in a sender that shakes hands over TLS and in the packer, 12 KiB in a worker
 * that compiles templates and writes to the log, 12 KiB in libmicrohttpd's thread
 * (tests/fault/test_hardening.py measures it, and demands that half of each stack stays untouched).
 * Memory that is never touched costs nothing.
 */
#define THREAD_STACK (256u << 10)

/* Starts `main(arg)` in a thread that debuggers and `top -H` know by `name` (15 characters at
 * most). */
int thread_start(pthread_t *ret_thread, const char *name, void *(*main)(void *), void *arg,
		 struct err *err);

#endif
