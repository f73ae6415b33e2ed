/* SPDX-License-Identifier: Apache-2.0
 * Fuzzing: any octets as a spool file. It is sent as it was written, or set aside; never anything
 * else. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "forwarder/ship/spool.h"
#include "tests/fuzz/fuzz.h"

static void write_to(const char *path, const uint8_t *data, size_t size)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	close(fd);
}

static void remove_in(const char *dir, const char *name)
{
	char path[128];
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	unlink(path);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char dir[] = "/dev/shm/fuzz-spool-XXXXXX", path[128];
	struct err err = ERR_NONE;
	struct parcel *p = NULL;
	struct spool_state state;
	if (!mkdtemp(dir))
		abort();
	snprintf(path, sizeof(path), "%s/0000000000000001.bulk", dir);
	write_to(path, data, size);
	const struct spool_settings settings = { .dir = dir, .max_bytes = 1 << 20 };
	struct spool *s = spool_open(&settings, &err);
	if (!s)
		abort();
	enum spool_result r = spool_take(s, 0, &p, &err);
	spool_get_state(s, &state);
	if (r == SPOOL_OK && (p->gz_len + 64 != size || memcmp(p->gz, data + 64, p->gz_len) != 0))
		abort();
	if (r != SPOOL_OK && state.torn != 1)
		abort();
	if (r == SPOOL_OK)
		parcel_free(p);
	spool_close(s);
	remove_in(dir, "0000000000000001.bulk");
	remove_in(dir, "0000000000000001.torn");
	rmdir(dir);
	return 0;
}
