/* SPDX-License-Identifier: Apache-2.0
 * One file of the spool: its head with checksums, written whole and read with suspicion. */
#include "forwarder/ship/spool_file.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "forwarder/ship/compress.h"
#include "forwarder/ship/lane.h"
#include "forwarder/ship/torn.h"

#define MAGIC    "efspool1"
#define BODY_MAX (1ull << 30) /* no batch is larger: a length beyond it is damage */

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
	uint16_t lane; /* what follows was 0 in earlier versions */
	uint16_t strikes;
	uint32_t witness;
	uint32_t passed;
	uint8_t zero[4];
};

_Static_assert(sizeof(struct file_head) == 64, "the head of a spool file is 64 bytes");

bool spool_file_occupied(int errnum)
{
	return errnum == EEXIST || errnum == EISDIR || errnum == ENOTEMPTY;
}

bool spool_file_no_room(int errnum)
{
	return errnum == ENOSPC || errnum == EDQUOT;
}

uint64_t spool_file_disk(uint64_t body_len)
{
	return spool_disk_size(body_len + sizeof(struct file_head));
}

bool spool_file_is(const char *name)
{
	return strspn(name, "0123456789abcdef") == 16 && name[16] == '.';
}

bool spool_file_is_foreign(const char *name)
{
	size_t n = strlen(name), end = strlen(SPOOL_SUFFIX);
	return *name != '.' && n > end && strcmp(name + n - end, SPOOL_SUFFIX) == 0 &&
	       !(n == 16 + end && spool_file_is(name) &&
		 strtoull(name, NULL, 16) <= SPOOL_NUMBER_MAX);
}

void spool_file_name(char name[SPOOL_NAME_SIZE], uint64_t no, const char *suffix)
{
	snprintf(name, SPOOL_NAME_SIZE, "%016" PRIx64 ".%s", no, suffix);
}

static void head_encode(struct file_head *h, const struct parcel *p)
{
	*h = (struct file_head){ .body_crc = htole32(gzip_crc(p->gz, p->gz_len)),
				 .body_len = htole64(p->gz_len),
				 .raw_len = htole64(p->raw_len),
				 .born_ms = htole64(p->born_ms),
				 .items = htole32(p->items),
				 .kind = htole32(p->kind),
				 .lane = htole16((uint16_t)p->lane),
				 .strikes = htole16(p->refusals.strikes),
				 .witness = htole32(p->refusals.witness),
				 .passed = htole32(p->refusals.passed) };
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
	    le32toh(h.kind) > PARCEL_FAILED || le16toh(h.lane) >= LANES)
		return false;
	*ret_p = (struct parcel){ .gz_len = le64toh(h.body_len),
				  .raw_len = le64toh(h.raw_len),
				  .born_ms = le64toh(h.born_ms),
				  .items = le32toh(h.items),
				  .kind = (enum parcel_kind)le32toh(h.kind),
				  .lane = le16toh(h.lane),
				  .refusals = { le16toh(h.strikes), le32toh(h.witness),
						le32toh(h.passed) } };
	*ret_crc = le32toh(h.body_crc);
	return true;
}

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

int spool_file_write(int dir, uint64_t no, const struct parcel *p, bool sync)
{
	char temp[SPOOL_NAME_SIZE], name[SPOOL_NAME_SIZE];
	spool_file_name(temp, no, "tmp");
	spool_file_name(name, no, "bulk");
	int fd = openat(dir, temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0 && errno == EEXIST && unlinkat(dir, temp, 0) == 0) /* it was never accepted */
		fd = openat(dir, temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
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
	if (!failed && renameat(dir, temp, dir, name) < 0)
		failed = errno;
	if (failed)
		unlinkat(dir, temp, 0);
	else if (sync && fsync(dir) < 0)
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

/* *ret_fd is the caller's in any case, -1: none. */
static enum spool_load open_entry(int dir, const char *name, int *ret_fd, struct stat *ret_st)
{
	*ret_fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (*ret_fd < 0 && (errno == ELOOP || errno == EACCES || errno == ENXIO))
		return LOAD_ODD;
	if (*ret_fd < 0 || fstat(*ret_fd, ret_st) < 0)
		return LOAD_FAILED;
	return S_ISREG(ret_st->st_mode) ? LOAD_OK : LOAD_ODD;
}

static enum spool_load load_torn(const struct parcel *head, struct parcel *ret_p)
{
	*ret_p = (struct parcel){ .items = head->items ? head->items : 1 };
	return LOAD_TORN;
}

enum spool_load spool_file_load(int dir, const char *name, bool with_body, struct parcel *ret_p)
{
	CLEANUP_FD int fd = -1;
	struct stat st;
	enum spool_load opened = open_entry(dir, name, &fd, &st);
	if (opened != LOAD_OK)
		return opened;
	struct file_head head;
	struct parcel p = { 0 };
	uint32_t crc;
	bool whole = read_all(fd, &head, sizeof(head)) == 0 && head_decode(&head, &p, &crc);
	if (!whole || (uint64_t)st.st_size != sizeof(head) + p.gz_len)
		return load_torn(&p, ret_p);
	if (with_body) {
		p.gz = malloc(p.gz_len ? p.gz_len : 1);
		if (!p.gz)
			return LOAD_FAILED;
		if (read_all(fd, p.gz, p.gz_len) < 0 || gzip_crc(p.gz, p.gz_len) != crc) {
			free(p.gz);
			return load_torn(&p, ret_p);
		}
	}
	*ret_p = p;
	return LOAD_OK;
}
