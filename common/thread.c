/* SPDX-License-Identifier: Apache-2.0
 * Threads, all with one stack size that is said here and not by the system. */
#include "common/thread.h"

int thread_start(pthread_t *ret_thread, const char *name, void *(*main)(void *), void *arg,
		 struct err *err)
{
	pthread_attr_t attr;
	int failed = pthread_attr_init(&attr);
	if (!failed) {
		failed = pthread_attr_setstacksize(&attr, THREAD_STACK);
		if (!failed)
			failed = pthread_create(ret_thread, &attr, main, arg);
		pthread_attr_destroy(&attr);
	}
	if (failed)
		return err_errno(err, EF_FAILED, failed, "cannot start the thread '%s'", name);
	pthread_setname_np(*ret_thread, name);
	return 0;
}
