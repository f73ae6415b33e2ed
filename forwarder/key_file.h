/* SPDX-License-Identifier: Apache-2.0
 * The file of efd's API key, watched: a key that is put there is taken without a reload. */
#ifndef EF_KEY_FILE_H
#define EF_KEY_FILE_H

#include <stdbool.h>
#include <sys/stat.h>
#include <time.h>

struct key_file {
	const char *path; /* borrowed; NULL: the key is from elsewhere, and nothing is watched */
	struct stat seen; /* at the last look; all zero: it was not there */
	bool read;        /* as it is in `seen` */
};

/*
 * To be called every second or so. The first line of the file once it is another one than it was,
 * and has stood there unchanged since the last call (who writes it may not be done); the caller
 * wipes and frees it. NULL: nothing new, or it cannot be read, which is logged once.
 */
char *key_file_look(struct key_file *f);

#endif
