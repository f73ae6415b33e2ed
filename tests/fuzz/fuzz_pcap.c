/* SPDX-License-Identifier: Apache-2.0
 * Fuzzing: any octets as a capture file; every octet of every datagram handed out is read. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "importer/capture/pcap.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char path[40];
	struct capture *c;
	struct captured d;
	struct err err = ERR_NONE;
	static volatile uint8_t sum;
	uint64_t datagrams = 0;
	int fd = memfd_create("capture", MFD_CLOEXEC);
	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (capture_open(path, NULL, 0, &c, &err) == 0) {
		while (capture_next(c, &d, &err) == 1) {
			datagrams++;
			for (size_t i = 0; i < d.dgram.len; i++)
				sum = (uint8_t)(sum + d.dgram.data[i]);
		}
		if (capture_stats(c)->datagrams != datagrams)
			abort();
		capture_free(c);
	}
	close(fd);
	return 0;
}
