/* SPDX-License-Identifier: Apache-2.0
 * The disk spool: a bounded directory with one file a parcel, sent again in order after whatever
 * happened. */
#include "forwarder/ship/spool.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utlist.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "forwarder/ship/spool_file.h"
#include "forwarder/ship/torn.h"

#define SYNC_MS    1000
#define NUMBER_MAX (1ull << 62) /* no efd lives long enough to give one beyond it */

struct spool_entry {
	struct spool_entry *prev, *next;
	uint64_t no;
	uint64_t disk; /* bytes it counts for in the quota */
	uint64_t born_ms;
	uint32_t items;
	int lane;
	bool taken;   /* a shipper holds it, or it is still being written */
	bool written; /* it counts: whoever sees it counted may rely on it */
};

struct spool {
	int dir; /* also carries the lock */
	struct spool_settings settings;
	pthread_mutex_t lock;        /* of everything below */
	struct spool_entry *entries; /* by number, oldest first */
	struct spool_state state;
	uint64_t torn; /* bytes of files set aside, which give way to everything else */
	uint64_t last_no;
	bool dirty; /* files were written since the last sync */
	uint64_t synced_ms;
};

/* ---- the list; the lock is held ---------------------------------------- */

/* Room is taken before the file is written, so that the quota holds; the rest counts afterwards. */
static void entry_append(struct spool *s, struct spool_entry *e)
{
	DL_APPEND(s->entries, e);
	s->state.bytes += e->disk;
}

static void count_written(struct spool *s, struct spool_entry *e)
{
	e->written = true;
	s->state.files++;
	s->state.items += e->items;
}

static void entry_forget(struct spool *s, struct spool_entry *e)
{
	DL_DELETE(s->entries, e);
	s->state.bytes -= e->disk;
	if (e->written) {
		s->state.files--;
		s->state.items -= e->items;
	}
	free(e);
}

static struct spool_entry *entry_find(struct spool *s, uint64_t no)
{
	struct spool_entry *e; /* what shippers hold is near the head: the walk is short */
	DL_SEARCH_SCALAR(s->entries, e, no, no);
	return e;
}

static void remove_file(struct spool *s, uint64_t no)
{
	char name[SPOOL_NAME_SIZE];
	spool_file_name(name, no, "bulk");
	unlinkat(s->dir, name, 0);
}

/* Gives up the oldest parcel that nobody holds; false when there is none. */
static bool drop_oldest(struct spool *s)
{
	struct spool_entry *e;
	DL_SEARCH_SCALAR(s->entries, e, taken, false);
	if (!e)
		return false;
	remove_file(s, e->no);
	s->state.dropped_files++;
	s->state.dropped_items += e->items;
	entry_forget(s, e);
	return true;
}

static bool spool_fits(const struct spool *s, uint64_t disk)
{
	return s->state.bytes + s->torn + disk <= s->settings.max_bytes &&
	       s->state.files < SPOOL_FILES_MAX;
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
	const struct spool_entry *whole = p->part_of ? entry_find(s, p->part_of) : NULL;
	return whole && whole->taken && p->items <= whole->items;
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

static void set_aside(struct spool *s, const char *name, uint64_t no)
{
	char torn[SPOOL_NAME_SIZE];
	spool_file_name(torn, no, "torn");
	renameat(s->dir, name, s->dir, torn);
	s->state.torn++;
	s->torn = torn_bytes(s->dir);
}

/* ---- opening ------------------------------------------------------------ */

static int insert_found(struct spool *s, uint64_t no, const char *name, uint64_t known)
{
	if (no <= known && entry_find(s, no))
		return 0; /* opened again, and it was there before */
	struct parcel p;
	enum spool_load r = spool_file_load(s->dir, name, false, &p);
	if (r == LOAD_TORN)
		set_aside(s, name, no);
	if (r != LOAD_OK)
		return r == LOAD_TORN ? 0 : -1;
	struct spool_entry *e = calloc(1, sizeof(*e));
	if (!e)
		return -1;
	*e = (struct spool_entry){ .no = no,
				   .disk = spool_file_disk(p.gz_len),
				   .born_ms = p.born_ms,
				   .items = p.items,
				   .lane = p.lane };
	entry_append(s, e);
	count_written(s, e);
	return 0;
}

static int by_number(const struct spool_entry *a, const struct spool_entry *b)
{
	return a->no < b->no ? -1 : a->no > b->no;
}

/* The directory is in no order; the numbers are the order in which files were written. */
static int scan(struct spool *s, struct err *err)
{
	DIR *names = spool_names(s->dir);
	if (!names)
		return err_errno(err, EF_FAILED, errno, "spool %s: cannot read the directory",
				 s->settings.dir);
	int failed = 0;
	uint64_t known = s->last_no; /* what is beyond it is not in the list */
	for (const struct dirent *d; errno = 0, (d = readdir(names));) {
		const char *name = d->d_name, *suffix = name + 17;
		if (!spool_file_is(name))
			continue;
		uint64_t no = strtoull(name, NULL, 16);
		if (no > s->last_no && no <= NUMBER_MAX)
			s->last_no = no;
		if (strcmp(suffix, "tmp") == 0)
			unlinkat(s->dir, name, 0); /* never accepted */
		else if (strcmp(suffix, "bulk") == 0 && no > NUMBER_MAX)
			set_aside(s, name, no);
		else if (strcmp(suffix, "bulk") == 0 && !failed &&
			 insert_found(s, no, name, known) < 0)
			failed = err_errno(err, EF_FAILED, errno, "spool %s: cannot read %s",
					   s->settings.dir, name);
	}
	if (errno && !failed)
		failed = err_errno(err, EF_FAILED, errno, "spool %s: cannot read the directory",
				   s->settings.dir);
	closedir(names);
	DL_SORT(s->entries, by_number);
	s->torn = torn_bytes(s->dir);
	return failed;
}

/* A locked descriptor of the directory, or -1. */
static int lock_dir(const char *dir, struct err *err)
{
	if (mkdir(dir, 0700) < 0 && errno != EEXIST)
		return err_errno(err, EF_FAILED, errno, "spool %s: cannot make the directory", dir);
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return err_errno(err, EF_FAILED, errno, "spool %s: cannot open the directory", dir);
	if (faccessat(fd, ".", W_OK | X_OK, 0) < 0)
		err_errno(err, EF_FAILED, errno, "spool %s: the directory is not writable", dir);
	else if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		err_set(err, EF_FAILED,
			"spool %s: another process uses this directory; give each efd its own",
			dir);
	else
		return fd;
	close(fd);
	return -1;
}

static int open_dir(struct spool *s, struct err *err)
{
	s->dir = lock_dir(s->settings.dir, err);
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
	CLEANUP_FD int fd = lock_dir(s->settings.dir, &err);
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
	while (s->entries)
		entry_forget(s, s->entries);
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
				   .lane = p->lane,
				   .taken = true };
	entry_append(s, e);
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
	for (bool again = false;;) {
		pthread_mutex_unlock(&s->lock);
		int failed =
		    spool_file_write(s->dir, e->no, p, s->settings.sync == SPOOL_SYNC_BATCH);
		pthread_mutex_lock(&s->lock);
		if (!failed) {
			e->taken = false;
			s->dirty = true;
			count_written(s, e);
			break;
		}
		/* the disk is smaller than the quota says: the same choice, one parcel at a time */
		if (spool_file_no_room(failed) &&
		    (drop_torn(s) || (s->settings.policy == SPOOL_DROP_OLDEST && drop_oldest(s))))
			continue;
		if (!again && (again = reopen_dir(s)))
			continue;
		remove_file(s, e->no);
		entry_forget(s, e);
		if (spool_file_no_room(failed)) {
			result = refuse(s, p);
			break;
		}
		err_errno(err, EF_FAILED, failed, "spool %s: cannot write a file", s->settings.dir);
		result = SPOOL_ERROR;
		break;
	}
	pthread_mutex_unlock(&s->lock);
	return result;
}

static struct spool_entry *take_oldest(struct spool *s, uint32_t waiting)
{
	struct spool_entry *e;
	DL_FOREACH(s->entries, e)
	if (!e->taken && !(waiting >> e->lane & 1)) {
		e->taken = true;
		return e;
	}
	return NULL;
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
	while ((e = take_oldest(s, waiting))) {
		char name[SPOOL_NAME_SIZE];
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
			e->taken = false;
			result = SPOOL_ERROR;
			err_errno(err, EF_FAILED, errnum, "spool %s: cannot read %s",
				  s->settings.dir, name);
			break;
		}
		set_aside(s, name, e->no);
		s->state.torn_items += e->items;
		entry_forget(s, e);
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
		err_errno(err, EF_FAILED, failed, "spool %s: cannot rewrite a file",
			  s->settings.dir);
		return SPOOL_ERROR;
	}
	pthread_mutex_lock(&s->lock);
	struct spool_entry *e = entry_find(s, p->spool_no);
	if (e) {
		s->state.bytes += spool_file_disk(p->gz_len) - e->disk;
		s->state.items += (uint64_t)p->items - e->items;
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
	struct spool_entry *e = entry_find(s, spool_no);
	if (e) {
		remove_file(s, spool_no);
		entry_forget(s, e);
	}
	pthread_mutex_unlock(&s->lock);
}

void spool_release(struct spool *s, uint64_t spool_no)
{
	pthread_mutex_lock(&s->lock);
	struct spool_entry *e = entry_find(s, spool_no);
	if (e)
		e->taken = false;
	pthread_mutex_unlock(&s->lock);
}

void spool_requeue(struct spool *s, const struct parcel *p)
{
	struct err err = ERR_NONE;
	spool_update(s, p, &err); /* without it they are only counted anew */
	char from[SPOOL_NAME_SIZE], to[SPOOL_NAME_SIZE];
	pthread_mutex_lock(&s->lock);
	struct spool_entry *e = entry_find(s, p->spool_no);
	if (e) {
		spool_file_name(from, e->no, "bulk");
		spool_file_name(to, s->last_no + 1, "bulk");
		if (renameat(s->dir, from, s->dir, to) == 0) {
			e->no = ++s->last_no;
			DL_DELETE(s->entries, e);
			DL_APPEND(s->entries, e);
		}
		e->taken = false;
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

void spool_get_state(struct spool *s, struct spool_state *ret_state)
{
	pthread_mutex_lock(&s->lock);
	*ret_state = s->state;
	const struct spool_entry *oldest = s->entries;
	ret_state->oldest_ms = oldest ? oldest->born_ms : 0;
	pthread_mutex_unlock(&s->lock);
}
