/* SPDX-License-Identifier: Apache-2.0
 * systemd: readiness, watchdog and inherited sockets, where it is there; nothing happens where it
 * is not. */
#include "forwarder/service.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#if HAVE_systemd
#include <systemd/sd-daemon.h>

#include "common/clock.h"

#define SOCKETS_MAX 256

static bool taken[SOCKETS_MAX]; /* main's thread only */

static int inherited(void)
{
	static int n = -1;
	if (n < 0)
		n = sd_listen_fds(1);
	return n < 0 ? 0 : n < SOCKETS_MAX ? n : SOCKETS_MAX;
}

void service_ready(void)
{
	sd_notify(0, "READY=1");
}

void service_reloading(void)
{
	sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%llu",
		   (unsigned long long)clock_now_ns() / 1000);
}

void service_stopping(void)
{
	sd_notify(0, "STOPPING=1");
}

void service_status(const char *text)
{
	sd_notifyf(0, "STATUS=%s", text);
}

void service_alive(void)
{
	sd_notify(0, "WATCHDOG=1");
}

uint64_t service_watchdog_ms(void)
{
	uint64_t us = 0;
	return sd_watchdog_enabled(0, &us) > 0 ? us / 2000 : 0;
}

int service_take_socket(const struct sockaddr *addr, socklen_t len)
{
	for (int i = 0; i < inherited(); i++) {
		struct sockaddr_storage bound;
		socklen_t bound_len = sizeof(bound);
		int fd = SD_LISTEN_FDS_START + i;
		if (taken[i] || sd_is_socket(fd, AF_UNSPEC, SOCK_DGRAM, -1) <= 0 ||
		    getsockname(fd, (struct sockaddr *)&bound, &bound_len) < 0)
			continue;
		if (bound_len != len || memcmp(&bound, addr, len) != 0)
			continue;
		taken[i] = true;
		return fd;
	}
	return -1;
}

bool service_sockets(void)
{
	return inherited() > 0;
}

int service_sockets_left(void)
{
	int left = 0;
	for (int i = 0; i < inherited(); i++)
		left += !taken[i];
	return left;
}

#else

void service_ready(void)
{
}
void service_reloading(void)
{
}
void service_stopping(void)
{
}
void service_status(const char *text)
{
	(void)text;
}
void service_alive(void)
{
}
uint64_t service_watchdog_ms(void)
{
	return 0;
}
int service_take_socket(const struct sockaddr *addr, socklen_t len)
{
	(void)addr, (void)len;
	return -1;
}
bool service_sockets(void)
{
	return false;
}
int service_sockets_left(void)
{
	return 0;
}

#endif
