/* SPDX-License-Identifier: Apache-2.0
 * The disk spool: a bounded directory with one file a parcel, sent again in order after whatever happened. */
#include "forwarder/ship/spool.h"

#include <dirent.h>
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "forwarder/ship/compress.h"
#include "forwarder/ship/torn.h"

#define MAGIC     "efspool1"
#define NAME_SIZE 32
#define SYNC_MS   1000
#define BODY_MAX  (1ull << 30) /* no batch is larger: a length beyond it is damage */

/* First 64 bytes of a file; all integers little-endian. */
struct file_head {
	char magic[8];
	uint32_t head_crc; /* of this struct with head_crc = 0 */
	uint32_t body_crc;
	uint64_t body_len;
	uint64_t raw_len;
	uint64_t born_ms;
	uint32_t items;
	uint32_t kind;
	uint8_t zero[16];
};

_Static_assert(sizeof(struct file_head) == 64, "the head of a spool file is 64 bytes");

struct entry {
	TAILQ_ENTRY(entry) link;
	uint64_t no;
	uint64_t disk; /* bytes it counts for in the quota */
	uint64_t born_ms;
	uint32_t items;
	bool taken;   /* a shipper holds it, or it is still being written */
	bool written; /* it counts: whoever sees it counted may rely on it */
};

TAILQ_HEAD(entry_list, entry);

struct spool {
	int dir; /* also carries the lock */
	struct spool_settings settings;
	pthread_mutex_t lock;      /* of everything below */
	struct entry_list entries; /* by number, oldest first */
	struct spool_state state;
	uint64_t torn; /* bytes of files set aside, which give way to everything else */
	uint64_t last_no;
	bool dirty; /* files were written since the last sync */
	uint64_t synced_ms;
};

static uint64_t disk_size(uint64_t body_len)
{
	return spool_disk_size(body_len + sizeof(struct file_head));
}

static void file_name(char name[NAME_SIZE], uint64_t no, const char *suffix)
{
	snprintf(name, NAME_SIZE, "%016" PRIx64 ".%s", no, suffix);
}

static void head_encode(struct file_head *h, const struct parcel *p)
{
	*h = (struct file_head){ .body_crc = htole32(gzip_crc(p->gz, p->gz_len)),
				 .body_len = htole64(p->gz_len),
				 .raw_len = htole64(p->raw_len),
				 .born_ms = htole64(p->born_ms),
				 .items = htole32(p->items),
				 .kind = htole32(p->kind) };
	memcpy(h->magic, MAGIC, sizeof(h->magic));
	h->head_crc = htole32(gzip_crc(h, sizeof(*h)));
}

/* True when the head is whole and speaks of a body that can exist. */
static bool head_decode(const struct file_head *on_disk, struct parcel *ret_p, uint32_t *ret_crc)
{
	struct file_head h = *on_disk;
	h.head_crc = 0;
	if (memcmp(h.magic, MAGIC, sizeof(h.magic)) != 0 ||
	    le32toh(on_disk->head_crc) != gzip_crc(&h, sizeof(h)) ||
	    le64toh(h.body_len) > BODY_MAX || le64toh(h.raw_len) > BODY_MAX ||
	    le32toh(h.kind) > PARCEL_FAILED)
		return false;
	*ret_p = (struct parcel){ .gz_len = le64toh(h.body_len),
				  .raw_len = le64toh(h.raw_len),
				  .born_ms = le64toh(h.born_ms),
				  .items = le32toh(h.items),
				  .kind = (enum parcel_kind)le32toh(h.kind) };
	*ret_crc = le32toh(h.body_crc);
	return true;
}

/* ---- the list; the lock is held ---------------------------------------- */

/* Room is taken before the file is written, so that the quota holds; the rest is counted afterwards. */
static void append(struct spool *s, struct entry *e)
{
	TAILQ_INSERT_TAIL(&s->entries, e, link);
	s->state.bytes += e->disk;
}

static void count_written(struct spool *s, struct entry *e)
{
	e->written = true;
	s->state.files++;
	s->state.items += e->items;
}

static void forget(struct spool *s, struct entry *e)
{
	TAILQ_REMOVE(&s->entries, e, link);
	s->state.bytes -= e->disk;
	if (e->written) {
		s->state.files--;
		s->state.items -= e->items;
	}
	free(e);
}

static struct entry *find(struct spool *s, uint64_t no)
{
	struct entry *e; /* what shippers hold is near the head: the walk is short */
	TAILQ_FOREACH(e, &s->entries, link)
	if (e->no == no)
		return e;
	return NULL;
}

static void remove_file(struct spool *s, uint64_t no)
{
	char name[NAME_SIZE];
	file_name(name, no, "bulk");
	unlinkat(s->dir, name, 0);
}

/* Gives up the oldest parcel that nobody holds; false when there is none. */
static bool drop_oldest(struct spool *s)
{
	struct entry *e;
	TAILQ_FOREACH(e, &s->entries, link)
	{
		if (e->taken)
			continue;
		remove_file(s, e->no);
		s->state.dropped_files++;
		s->state.dropped_items += e->items;
		forget(s, e);
		return true;
	}
	return false;
}

static bool fits(const struct spool *s, uint64_t disk)
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

static bool make_room(struct spool *s, uint64_t disk)
{
	if (disk > s->settings.max_bytes)
		return false;
	while (!fits(s, disk))
		if (!drop_torn(s) && (s->settings.policy != SPOOL_DROP_OLDEST || !drop_oldest(s)))
			return false;
	return true;
}

/* ---- files -------------------------------------------------------------- */

static int write_all(int fd, struct iovec *iov, int n)
{
	while (n > 0) {
		ssize_t done = writev(fd, iov, n);
		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return -1;
		while (n > 0 && (size_t)done >= iov->iov_len) {
			done -= (ssize_t)iov->iov_len;
			iov++;
			n--;
		}
		if (n > 0) {
			iov->iov_base = (char *)iov->iov_base + done;
			iov->iov_len -= (size_t)done;
		}
	}
	return 0;
}

/* Writes file `no` by way of a temporary name, with `sync` to the disk itself. Returns 0, or the errno value. */
static int write_file(struct spool *s, uint64_t no, const struct parcel *p, bool sync)
{
	char temp[NAME_SIZE], name[NAME_SIZE];
	file_name(temp, no, "tmp");
	file_name(name, no, "bulk");
	int fd = openat(s->dir, temp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		return errno;
	struct file_head head;
	head_encode(&head, p);
	struct iovec iov[2] = { { &head, sizeof(head) }, { p->gz, p->gz_len } };
	int failed = 0;
	if (write_all(fd, iov, 2) < 0 || (sync && fdatasync(fd) < 0))
		failed = errno;
	if (close(fd) < 0 && !failed)
		failed = errno;
	if (!failed && renameat(s->dir, temp, s->dir, name) < 0)
		failed = errno;
	if (failed)
		unlinkat(s->dir, temp, 0);
	else if (sync && fsync(s->dir) < 0)
		failed = errno;
	return failed;
}

static int read_all(int fd, void *data, size_t len)
{
	for (size_t at = 0; at < len;) {
		ssize_t n = read(fd, (char *)data + at, len - at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -1;
		at += (size_t)n;
	}
	return 0;
}

enum load { LOAD_OK, LOAD_TORN, LOAD_FAILED };

static enum load load_file(struct spool *s, const char *name, bool with_body, struct parcel *ret_p)
{
	CLEANUP_FD int fd = openat(s->dir, name, O_RDONLY | O_CLOEXEC);
	struct stat st;
	if (fd < 0 || fstat(fd, &st) < 0)
		return LOAD_FAILED;
	struct file_head head;
	struct parcel p;
	uint32_t crc;
	if (read_all(fd, &head, sizeof(head)) < 0 || !head_decode(&head, &p, &crc) ||
	    (uint64_t)st.st_size != sizeof(head) + p.gz_len)
		return LOAD_TORN;
	if (with_body) {
		p.gz = malloc(p.gz_len ? p.gz_len : 1);
		if (!p.gz)
			return LOAD_FAILED;
		if (read_all(fd, p.gz, p.gz_len) < 0 || gzip_crc(p.gz, p.gz_len) != crc) {
			free(p.gz);
			return LOAD_TORN;
		}
	}
	*ret_p = p;
	return LOAD_OK;
}

static void set_aside(struct spool *s, const char *name, uint64_t no)
{
	char torn[NAME_SIZE];
	file_name(torn, no, "torn");
	renameat(s->dir, name, s->dir, torn);
	s->state.torn++;
	s->torn = torn_bytes(s->dir);
}

/* ---- opening ------------------------------------------------------------ */

static int insert_found(struct spool *s, uint64_t no, const char *name)
{
	struct parcel p;
	enum load r = load_file(s, name, false, &p);
	if (r == LOAD_TORN)
		set_aside(s, name, no);
	if (r != LOAD_OK)
		return r == LOAD_TORN ? 0 : -1;
	struct entry *e = calloc(1, sizeof(*e));
	if (!e)
		return -1;
	*e = (struct entry){
		.no = no, .disk = disk_size(p.gz_len), .born_ms = p.born_ms, .items = p.items
	};
	append(s, e);
	count_written(s, e);
	return 0;
}

static int is_spool_file(const struct dirent *d)
{
	size_t len = strlen(d->d_name);
	return len > 17 && d->d_name[16] == '.' && strspn(d->d_name, "0123456789abcdef") == 16;
}

/* Names are numbers of fixed width, so their alphabetical order is the order in which they were written. */
static int scan(struct spool *s, struct err *err)
{
	struct dirent **list = NULL;
	int n = scandirat(s->dir, ".", &list, is_spool_file, alphasort);
	if (n < 0)
		return err_errno(err, EF_FAILED, errno, "spool %s: cannot read the directory",
				 s->settings.dir);
	int failed = 0;
	for (int i = 0; i < n; i++) {
		const char *name = list[i]->d_name, *suffix = name + 17;
		uint64_t no = strtoull(name, NULL, 16);
		if (no > s->last_no)
			s->last_no = no;
		if (strcmp(suffix, "tmp") == 0)
			unlinkat(s->dir, name, 0); /* never accepted */
		else if (strcmp(suffix, "bulk") == 0 && !failed && insert_found(s, no, name) < 0)
			failed = err_errno(err, EF_FAILED, errno, "spool %s: cannot read %s",
					   s->settings.dir, name);
		free(list[i]);
	}
	free(list);
	s->torn = torn_bytes(s->dir);
	return failed;
}

static int open_dir(struct spool *s, struct err *err)
{
	const char *dir = s->settings.dir;
	if (mkdir(dir, 0700) < 0 && errno != EEXIST)
		return err_errno(err, EF_USAGE, errno, "spool %s: cannot make the directory", dir);
	s->dir = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (s->dir < 0)
		return err_errno(err, EF_USAGE, errno, "spool %s: cannot open the directory", dir);
	if (faccessat(s->dir, ".", W_OK | X_OK, 0) < 0)
		return err_errno(err, EF_USAGE, errno, "spool %s: the directory is not writable",
				 dir);
	if (flock(s->dir, LOCK_EX | LOCK_NB) < 0)
		return err_set(
		    err, EF_USAGE,
		    "spool %s: another process uses this directory; give each efd its own", dir);
	return scan(s, err);
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
	TAILQ_INIT(&s->entries);
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
	struct entry *e;
	while ((e = TAILQ_FIRST(&s->entries)))
		forget(s, e);
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

/* A new entry at the end, held until its file is written; NULL when the spool is full or memory ran out. */
static struct entry *reserve(struct spool *s, const struct parcel *p)
{
	uint64_t disk = disk_size(p->gz_len);
	if (!make_room(s, disk))
		return NULL;
	struct entry *e = calloc(1, sizeof(*e));
	if (!e)
		return NULL;
	*e = (struct entry){ .no = ++s->last_no,
			     .disk = disk,
			     .born_ms = p->born_ms,
			     .items = p->items,
			     .taken = true };
	append(s, e);
	return e;
}

static enum spool_result refuse(struct spool *s, const struct parcel *p)
{
	s->state.dropped_files++;
	s->state.dropped_items += p->items;
	return SPOOL_REFUSED;
}

static bool disk_is_full(int errnum)
{
	return errnum == ENOSPC || errnum == EDQUOT;
}

enum spool_result spool_put(struct spool *s, const struct parcel *p, struct err *err)
{
	pthread_mutex_lock(&s->lock);
	struct entry *e = reserve(s, p);
	enum spool_result result = SPOOL_OK;
	if (!e) {
		result = refuse(s, p);
		pthread_mutex_unlock(&s->lock);
		return result;
	}
	for (;;) {
		pthread_mutex_unlock(&s->lock);
		int failed = write_file(s, e->no, p, s->settings.sync == SPOOL_SYNC_BATCH);
		pthread_mutex_lock(&s->lock);
		if (!failed) {
			e->taken = false;
			s->dirty = true;
			count_written(s, e);
			break;
		}
		/* the disk is smaller than the quota says: the same choice, one parcel at a time */
		if (disk_is_full(failed) &&
		    (drop_torn(s) || (s->settings.policy == SPOOL_DROP_OLDEST && drop_oldest(s))))
			continue;
		remove_file(s, e->no);
		forget(s, e);
		if (disk_is_full(failed)) {
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

static struct entry *take_oldest(struct spool *s)
{
	struct entry *e;
	TAILQ_FOREACH(e, &s->entries, link)
	{
		if (!e->taken) {
			e->taken = true;
			return e;
		}
	}
	return NULL;
}

enum spool_result spool_take(struct spool *s, struct parcel **ret_p, struct err *err)
{
	struct parcel *p = calloc(1, sizeof(*p));
	if (!p) {
		err_set(err, EF_FAILED, "out of memory");
		return SPOOL_ERROR;
	}
	enum spool_result result = SPOOL_NONE;
	pthread_mutex_lock(&s->lock);
	struct entry *e;
	while ((e = take_oldest(s))) {
		char name[NAME_SIZE];
		file_name(name, e->no, "bulk");
		pthread_mutex_unlock(&s->lock);
		enum load r = load_file(s, name, true, p);
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
		forget(s, e);
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
	int failed = write_file(s, p->spool_no, p, s->settings.sync != SPOOL_SYNC_OFF);
	if (failed) {
		err_errno(err, EF_FAILED, failed, "spool %s: cannot rewrite a file",
			  s->settings.dir);
		return SPOOL_ERROR;
	}
	pthread_mutex_lock(&s->lock);
	struct entry *e = find(s, p->spool_no);
	if (e) {
		s->state.bytes += disk_size(p->gz_len) - e->disk;
		s->state.items += (uint64_t)p->items - e->items;
		e->disk = disk_size(p->gz_len);
		e->items = p->items;
	}
	pthread_mutex_unlock(&s->lock);
	return SPOOL_OK;
}

void spool_done(struct spool *s, uint64_t spool_no)
{
	pthread_mutex_lock(&s->lock);
	struct entry *e = find(s, spool_no);
	if (e) {
		remove_file(s, spool_no);
		forget(s, e);
	}
	pthread_mutex_unlock(&s->lock);
}

void spool_release(struct spool *s, uint64_t spool_no)
{
	pthread_mutex_lock(&s->lock);
	struct entry *e = find(s, spool_no);
	if (e)
		e->taken = false;
	pthread_mutex_unlock(&s->lock);
}

static uint64_t now_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* syncfs() takes the names along with the data, and all files in one go. */
void spool_sync_due(struct spool *s)
{
	pthread_mutex_lock(&s->lock);
	bool due =
	    s->settings.sync == SPOOL_SYNC_SECOND && s->dirty && now_ms() >= s->synced_ms + SYNC_MS;
	if (due)
		s->dirty = false;
	pthread_mutex_unlock(&s->lock);
	if (!due)
		return;
	int failed = syncfs(s->dir) < 0;
	pthread_mutex_lock(&s->lock);
	s->dirty |= failed;
	s->synced_ms = now_ms();
	pthread_mutex_unlock(&s->lock);
}

void spool_get_state(struct spool *s, struct spool_state *ret_state)
{
	pthread_mutex_lock(&s->lock);
	*ret_state = s->state;
	const struct entry *oldest = TAILQ_FIRST(&s->entries);
	ret_state->oldest_ms = oldest ? oldest->born_ms : 0;
	pthread_mutex_unlock(&s->lock);
}
