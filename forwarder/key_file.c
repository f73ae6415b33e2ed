/* SPDX-License-Identifier: Apache-2.0
 * The file of efd's API key, watched: a key that is put there is taken without a reload. */
#include "forwarder/key_file.h"

#include <stdlib.h>
#include <string.h>

#include "common/api_key.h"
#include "common/log.h"
#include "common/regular.h"

static bool is_same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
	       a->st_ctim.tv_sec == b->st_ctim.tv_sec && a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

static char *first_line(const char *path)
{
	char line[API_KEY_TEXT_MAX];
	struct err err = ERR_NONE;
	bool good = regular_secret(path, line, sizeof(line), &err) == 0 &&
		    api_key_check("the first line", line, &err) == 0;
	char *key = good ? strdup(line) : NULL;
	explicit_bzero(line, sizeof(line));
	if (!key)
		log_warn("the API key's file %s cannot be read (%s); going on with the key of "
			 "before",
			 path, err.msg);
	return key;
}

char *key_file_look(struct key_file *f)
{
	struct stat now = { 0 };
	if (!f->path)
		return NULL;
	if (stat(f->path, &now) != 0)
		now = (struct stat){ 0 };
	if (!is_same(&now, &f->seen)) {
		f->seen = now;
		f->read = false;
		return NULL;
	}
	if (f->read)
		return NULL;
	f->read = true;
	return first_line(f->path);
}
