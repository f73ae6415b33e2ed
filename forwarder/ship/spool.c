/* SPDX-License-Identifier: Apache-2.0
 * The disk spool: a bounded directory with one file a parcel, sent again in order after whatever
 * happened. */
#include "forwarder/ship/spool.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "forwarder/ship/spool_file.h"
#include "forwarder/ship/spool_list.h"
#include "forwarder/ship/torn.h"

#define SYNC_MS      1000
#define OCCUPIED_MAX 64 /* numbers that are tried */

struct spool {
	int dir; /* also carries the lock */
	struct spool_settings settings;
	pthread_mutex_t lock; /* of everything below */
	struct spool_list list;
	struct spool_state state; /* what the list does not know */
	uint64_t torn;            /* bytes of files set aside, which give way to everything else */
	uint64_t last_no;
	bool dirty; /* files were written since the last sync */
	uint64_t synced_ms;
};

/* ---- room; the lock is held --------------------------------------------- */

static void remove_file(struct spool *s, uint64_t no)
{
	char name[SPOOL_NAME_SIZE];
	spool_file_name(name, no, "bulk");
	unlinkat(s->dir, name, 0);
}

/* Gives up the oldest parcel that nobody holds; false when there is none. */
static bool drop_oldest(struct spool *s)
{
	struct spool_entry *e = spool_list_first(&s->list, 0);
	if (!e)
		return false;
	remove_file(s, e->no);
	s->state.dropped_files++;
	s->state.dropped_items += e->items;
	spool_list_forget(&s->list, e);
	return true;
}

static bool spool_fits(const struct spool *s, uint64_t disk)
{
	return s->list.bytes + s->torn + disk <= s->settings.max_bytes &&
	       s->list.files < SPOOL_FILES_MAX;
}

/* The first to go. */
static bool drop_torn(struct spool *s)
{
	if (s->torn == 0)
		return false;
	torn_remove(s->dir);
	s->torn = 0;
	return true;
}

/* `p` is a part of a file that gives way, or becomes smaller, as soon as all its parts are kept: a
 * full spool gives up nothing for that. */
static bool has_room_already(struct spool *s, const struct parcel *p)
{
	const struct spool_entry *whole = p->part_of ? spool_list_held(&s->list, p->part_of) : NULL;
	return whole && p->items <= whole->items;
}

static bool spool_make_room(struct spool *s, uint64_t disk)
{
	if (disk > s->settings.max_bytes)
		return false;
	while (!spool_fits(s, disk))
		if (!drop_torn(s) && (s->settings.policy != SPOOL_DROP_OLDEST || !drop_oldest(s)))
			return false;
	return true;
}

/* What `name` is, which is not sent: damaged, with so many records in it, or none of ours. */
static void set_aside(struct spool *s, const char *name, uint64_t no, enum spool_load what,
		      uint32_t items)
{
	uint64_t bytes = torn_set_aside(s->dir, name, no, &s->last_no);
	s->torn += bytes;
	s->state.torn += what == LOAD_TORN;
	s->state.torn_items += items;
	s->state.odd += what == LOAD_ODD;
	snprintf(s->state.aside, sizeof(s->state.aside), "%s%s", name,
		 bytes ? "" : ", which cannot be renamed");
}

/* ---- opening ------------------------------------------------------------ */

static int entry_insert(struct spool *s, uint64_t no, const struct parcel *p)
{
	struct spool_entry *e = calloc(1, sizeof(*e));
	if (!e)
		return -1;
	*e = (struct spool_entry){ .no = no,
				   .disk = spool_file_disk(p->gz_len),
				   .born_ms = p->born_ms,
				   .items = p->items,
				   .lane = p->lane };
	spool_list_find(&s->list, e);
	return 0;
}

static int insert_found(struct spool *s, uint64_t no, const char *name)
{
	struct parcel p = { 0 };
	enum spool_load r = spool_file_load(s->dir, name, false, &p);
	if (r == LOAD_FAILED)
		return -1;
	if (r == LOAD_OK)
		return entry_insert(s, no, &p);
	set_aside(s, name, no, r, r == LOAD_TORN ? p.items : 0);
	return 0;
}

/* A file that somebody put there under a name that is none of ours, or a number that no efd gave:
 * it gets one of ours, behind all others. */
static int take_foreign(struct spool *s, const char *name)
{
	char own[SPOOL_NAME_SIZE];
	if (!spool_file_is_foreign(name))
		return 0;
	uint64_t no = ++s->last_no;
	spool_file_name(own, no, "bulk");
	struct parcel p = { 0 };
	enum spool_load r = spool_file_load(s->dir, name, false, &p);
	if (r == LOAD_FAILED)
		return -1;
	if (r == LOAD_OK && renameat(s->dir, name, s->dir, own) == 0)
		return entry_insert(s, no, &p);
	set_aside(s, name, no, r == LOAD_OK ? LOAD_ODD : r, r == LOAD_TORN ? p.items : 0);
	return 0;
}

/* The sorted numbers of those that are in the list already. */
struct known_numbers {
	const uint64_t *no;
	size_t n;
};

static int look_at_file(struct spool *s, const char *name, const struct known_numbers *known)
{
	if (!spool_file_is(name))
		return 0;
	const char *suffix = name + 17;
	uint64_t no = strtoull(name, NULL, 16);
	if (no > s->last_no && no <= SPOOL_NUMBER_MAX)
		s->last_no = no;
	if (strcmp(suffix, "tmp") == 0)
		unlinkat(s->dir, name, 0); /* never accepted */
	if (strcmp(suffix, "bulk") != 0 || no > SPOOL_NUMBER_MAX)
		return 0;
	if (!bsearch(&no, known->no, known->n, sizeof(*known->no), spool_number_compare))
		return insert_found(s, no, name);
	return 0;
}

/* Over all names, of ours or (`known` NULL) of others, whose numbers follow on ours. */
static int scan_names(struct spool *s, const struct known_numbers *known, struct err *err)
{
	DIR *names = spool_names(s->dir);
	int failed = 0;
	if (!names)
		return err_errno(err, EF_FAILED, errno, "spool %s: cannot read the directory",
				 s->settings.dir);
	for (const struct dirent *d; errno = 0, (d = readdir(names));) {
		if (!failed &&
		    (known ? look_at_file(s, d->d_name, known) : take_foreign(s, d->d_name)) < 0)
			failed = err_errno(err, EF_FAILED, errno, "spool %s: cannot read %s",
					   s->settings.dir, d->d_name);
	}
	if (errno && !failed)
		failed = err_errno(err, EF_FAILED, errno, "spool %s: cannot read the directory",
				   s->settings.dir);
	closedir(names);
	return failed;
}

/* The directory is in no order; the numbers are the order in which files were written. */
static int scan(struct spool *s, struct err *err)
{
	size_t n = 0; /* opened again: those were there before */
	CLEANUP_FREE uint64_t *numbers = spool_list_numbers(&s->list, &n);
	if (!numbers)
		return err_set(err, EF_FAILED, "out of memory");
	const struct known_numbers known = { numbers, n };
	int failed = scan_names(s, &known, err) || scan_names(s, NULL, err) ? -1 : 0;
	spool_list_sort(&s->list);
	s->torn = torn_bytes(s->dir);
	return failed;
}

static int open_dir(struct spool *s, struct err *err)
{
	s->dir = spool_lock_dir(s->settings.dir, err);
	return s->dir < 0 ? -1 : scan(s, err);
}

/* A directory that went away (a disk that was not mounted yet, a cleaning hand) and is there again:
 * true when another one is in use from now on. The descriptor keeps its number: others may be using
 * it. What the old one held is found missing when its turn comes. The lock is held. */
static bool reopen_dir(struct spool *s)
{
	struct err err = ERR_NONE;
	struct stat old, new;
	if (stat(s->settings.dir, &new) < 0
		? errno != ENOENT
		: fstat(s->dir, &old) == 0 && old.st_ino == new.st_ino && old.st_dev == new.st_dev)
		return false;
	CLEANUP_FD int fd = spool_lock_dir(s->settings.dir, &err);
	return fd >= 0 && dup3(fd, s->dir, O_CLOEXEC) >= 0 && scan(s, &err) == 0;
}

struct spool *spool_open(const struct spool_settings *settings, struct err *err)
{
	struct spool *s = calloc(1, sizeof(*s));
	if (!s) {
		err_set(err, EF_FAILED, "out of memory");
		return NULL;
	}
	s->dir = -1;
	s->settings = *settings;
	s->settings.dir = strdup(settings->dir);
	pthread_mutex_init(&s->lock, NULL);
	if (!s->settings.dir)
		err_set(err, EF_FAILED, "out of memory");
	else if (open_dir(s, err) == 0)
		return s;
	spool_close(s);
	return NULL;
}

void spool_close(struct spool *s)
{
	if (!s)
		return;
	spool_list_clear(&s->list);
	if (s->dir >= 0) {
		s->synced_ms = 0;
		spool_sync_due(s);
		close(s->dir);
	}
	pthread_mutex_destroy(&s->lock);
	free((char *)(uintptr_t)s->settings.dir);
	free(s);
}

/* ---- in and out --------------------------------------------------------- */

/* A new entry at the end, held until its file is written; a full spool frees it and says false. */
static bool reserve(struct spool *s, const struct parcel *p, struct spool_entry *e)
{
	uint64_t disk = spool_file_disk(p->gz_len);
	if (!has_room_already(s, p) && !spool_make_room(s, disk)) {
		free(e);
		return false;
	}
	*e = (struct spool_entry){ .no = ++s->last_no,
				   .disk = disk,
				   .born_ms = p->born_ms,
				   .items = p->items,
				   .lane = p->lane };
	spool_list_add(&s->list, e);
	return true;
}

static enum spool_result refuse(struct spool *s, const struct parcel *p)
{
	s->state.dropped_files++;
	s->state.dropped_items += p->items;
	return SPOOL_REFUSED;
}

enum spool_result spool_put(struct spool *s, const struct parcel *p, struct err *err)
{
	struct spool_entry *e =
	    malloc(sizeof(*e)); /* before room is made for it: for nothing, nothing is dropped */
	if (!e) {
		err_set(err, EF_FAILED, "spool %s: out of memory", s->settings.dir);
		return SPOOL_ERROR;
	}
	pthread_mutex_lock(&s->lock);
	enum spool_result result = SPOOL_OK;
	if (!reserve(s, p, e)) {
		result = refuse(s, p);
		pthread_mutex_unlock(&s->lock);
		return result;
	}
	int others = 0; /* names that something stands at */
	for (bool again = false;;) {
		pthread_mutex_unlock(&s->lock);
		int failed =
		    spool_file_write(s->dir, e->no, p, s->settings.sync == SPOOL_SYNC_BATCH);
		pthread_mutex_lock(&s->lock);
		if (!failed) {
			s->dirty = true;
			spool_list_count(&s->list, e);
			spool_list_release(&s->list, e);
			break;
		}
		/* the disk is smaller than the quota says: the same choice, one parcel at a time */
		if (spool_file_no_room(failed) &&
		    (drop_torn(s) || (s->settings.policy == SPOOL_DROP_OLDEST && drop_oldest(s))))
			continue;
		if (!again && (again = reopen_dir(s)))
			continue;
		if (spool_file_occupied(failed) && others++ < OCCUPIED_MAX) {
			e->no = ++s->last_no;
			continue;
		}
		const uint64_t no = e->no;
		remove_file(s, no);
		spool_list_forget(&s->list, e);
		if (spool_file_no_room(failed)) {
			result = refuse(s, p);
			break;
		}
		err_errno(err, EF_FAILED, failed, "spool %s: cannot write %016llx" SPOOL_SUFFIX,
			  s->settings.dir, (unsigned long long)no);
		result = SPOOL_ERROR;
		break;
	}
	pthread_mutex_unlock(&s->lock);
	return result;
}

enum spool_result spool_take(struct spool *s, uint32_t waiting, struct parcel **ret_p,
			     struct err *err)
{
	struct parcel *p = calloc(1, sizeof(*p));
	if (!p) {
		err_set(err, EF_FAILED, "out of memory");
		return SPOOL_ERROR;
	}
	enum spool_result result = SPOOL_NONE;
	pthread_mutex_lock(&s->lock);
	struct spool_entry *e;
	while ((e = spool_list_first(&s->list, waiting))) {
		char name[SPOOL_NAME_SIZE];
		spool_list_hold(&s->list, e);
		spool_file_name(name, e->no, "bulk");
		pthread_mutex_unlock(&s->lock);
		enum spool_load r = spool_file_load(s->dir, name, true, p);
		int errnum = errno;
		pthread_mutex_lock(&s->lock);
		if (r == LOAD_OK) {
			p->spool_no = e->no;
			result = SPOOL_OK;
			break;
		}
		if (r == LOAD_FAILED && errnum != ENOENT) {
			spool_list_release(&s->list, e);
			result = SPOOL_ERROR;
			err_errno(err, EF_FAILED, errnum, "spool %s: cannot read %s",
				  s->settings.dir, name);
			break;
		}
		/* whatever it is now, the records that were counted are gone */
		set_aside(s, name, e->no, r == LOAD_FAILED ? LOAD_TORN : r, e->items);
		spool_list_forget(&s->list, e);
	}
	pthread_mutex_unlock(&s->lock);
	if (result == SPOOL_OK)
		*ret_p = p;
	else
		free(p);
	return result;
}

enum spool_result spool_update(struct spool *s, const struct parcel *p, struct err *err)
{
	/* it replaces a file that may be on the disk for long: a power cut must not find neither */
	int failed = spool_file_write(s->dir, p->spool_no, p, s->settings.sync != SPOOL_SYNC_OFF);
	if (failed) {
		err_errno(err, EF_FAILED, failed, "spool %s: cannot rewrite %016llx" SPOOL_SUFFIX,
			  s->settings.dir, (unsigned long long)p->spool_no);
		return SPOOL_ERROR;
	}
	pthread_mutex_lock(&s->lock);
	struct spool_entry *e = spool_list_held(&s->list, p->spool_no);
	if (e) {
		s->list.bytes += spool_file_disk(p->gz_len) - e->disk;
		s->list.items += (uint64_t)p->items - e->items;
		e->disk = spool_file_disk(p->gz_len);
		e->items = p->items;
		e->lane = p->lane;
	}
	pthread_mutex_unlock(&s->lock);
	return SPOOL_OK;
}

void spool_done(struct spool *s, uint64_t spool_no)
{
	pthread_mutex_lock(&s->lock);
	struct spool_entry *e = spool_list_held(&s->list, spool_no);
	if (e) {
		remove_file(s, spool_no);
		spool_list_forget(&s->list, e);
	}
	pthread_mutex_unlock(&s->lock);
}

void spool_release(struct spool *s, uint64_t spool_no)
{
	pthread_mutex_lock(&s->lock);
	struct spool_entry *e = spool_list_held(&s->list, spool_no);
	if (e)
		spool_list_release(&s->list, e);
	pthread_mutex_unlock(&s->lock);
}

void spool_requeue(struct spool *s, const struct parcel *p)
{
	struct err err = ERR_NONE;
	spool_update(s, p, &err); /* without it they are only counted anew */
	char from[SPOOL_NAME_SIZE], to[SPOOL_NAME_SIZE];
	pthread_mutex_lock(&s->lock);
	struct spool_entry *e = spool_list_held(&s->list, p->spool_no);
	if (e) {
		spool_file_name(from, e->no, "bulk");
		spool_file_name(to, s->last_no + 1, "bulk");
		if (renameat(s->dir, from, s->dir, to) == 0)
			e->no = ++s->last_no;
		spool_list_release(&s->list, e);
	}
	pthread_mutex_unlock(&s->lock);
}

/* syncfs() takes the names along with the data, and all files in one go. */
void spool_sync_due(struct spool *s)
{
	pthread_mutex_lock(&s->lock);
	bool due = s->settings.sync == SPOOL_SYNC_SECOND && s->dirty &&
		   clock_now_ms() >= s->synced_ms + SYNC_MS;
	if (due)
		s->dirty = false;
	pthread_mutex_unlock(&s->lock);
	if (!due)
		return;
	int failed = syncfs(s->dir) < 0;
	pthread_mutex_lock(&s->lock);
	s->dirty |= failed;
	s->synced_ms = clock_now_ms();
	pthread_mutex_unlock(&s->lock);
}

uint32_t spool_lanes(struct spool *s)
{
	pthread_mutex_lock(&s->lock);
	uint32_t lanes = spool_list_lanes(&s->list);
	pthread_mutex_unlock(&s->lock);
	return lanes;
}

void spool_get_state(struct spool *s, struct spool_state *ret_state)
{
	pthread_mutex_lock(&s->lock);
	*ret_state = s->state;
	ret_state->files = s->list.files;
	ret_state->items = s->list.items;
	ret_state->bytes = s->list.bytes;
	ret_state->oldest_ms = spool_list_born_ms(&s->list);
	pthread_mutex_unlock(&s->lock);
}
