/* SPDX-License-Identifier: Apache-2.0
 * Sends what nobody wants as fast as it can: garbage datagrams, or ever new NetFlow 9 templates
 * from many exporters.
 *
 * usage: flood garbage|templates PORT SECONDS [EXPORTERS TEMPLATES]
 * Prints how many datagrams were sent. Loopback only. */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define BURST 64
#define SIZE  1400

static unsigned char data[BURST][SIZE];
static struct mmsghdr msgs[BURST];
static struct iovec iov[BURST];

static unsigned random_byte(void)
{
	static unsigned long long state = 1;
	state = state * 6364136223846793005ull + 1442695040888963407ull;
	return (unsigned)(state >> 56);
}

static void put16(unsigned char *p, unsigned v)
{
	p[0] = (unsigned char)(v >> 8);
	p[1] = (unsigned char)v;
}

/* A datagram of templates with ids from `first` on: 20 bytes of header, then sets of one template
 * of four fields each. */
static size_t templates(unsigned char *p, unsigned first, unsigned n)
{
	memset(p, 0, SIZE);
	put16(p, 9);
	put16(p + 2, n);
	put16(p + 18, 1); /* source id */
	unsigned char *at = p + 20;
	for (unsigned i = 0; i < n; i++, at += 24) {
		put16(at + 2, 24);
		put16(at + 4, 256 + first + i);
		put16(at + 6, 4);
		for (unsigned f = 0; f < 4; f++) {
			put16(at + 8 + 4 * f, 1 + (first + i + f * 7) % 90);
			put16(at + 10 + 4 * f, 4);
		}
	}
	return (size_t)(at - p);
}

static int open_socket(unsigned exporter, unsigned port)
{
	struct sockaddr_in from = { .sin_family = AF_INET,
				    .sin_addr.s_addr = htonl(0x7f020001 + exporter) };
	struct sockaddr_in to = { .sin_family = AF_INET,
				  .sin_port = htons((unsigned short)port),
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&from, sizeof(from)) < 0 ||
	    connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0) {
		perror("flood");
		exit(1);
	}
	return fd;
}

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static unsigned long burst(int fd)
{
	int n = sendmmsg(fd, msgs, BURST, 0);
	return n > 0 ? (unsigned long)n : 0;
}

static unsigned long garbage(unsigned port, double seconds)
{
	int fd = open_socket(0, port);
	unsigned long sent = 0;
	for (int i = 0; i < BURST; i++) {
		iov[i].iov_len = 40 + random_byte();
		for (size_t k = 0; k < iov[i].iov_len; k++)
			data[i][k] = (unsigned char)random_byte();
	}
	for (double end = now() + seconds; now() < end;)
		sent += burst(fd);
	return sent;
}

static unsigned long all_templates(unsigned port, double seconds, unsigned exporters, unsigned n)
{
	unsigned long sent = 0;
	double end = now() + seconds;
	for (unsigned first = 0; first < n && now() < end; first += 50 * BURST) {
		for (unsigned i = 0; i < BURST; i++)
			iov[i].iov_len = templates(data[i], first + 50 * i, 50);
		for (unsigned e = 0; e < exporters && now() < end; e++) {
			int fd = open_socket(e, port);
			sent += burst(fd);
			close(fd);
		}
	}
	return sent;
}

int main(int argc, char **argv)
{
	if (argc < 4)
		return 2;
	unsigned port = (unsigned)strtoul(argv[2], NULL, 10);
	double seconds = strtod(argv[3], NULL);
	for (int i = 0; i < BURST; i++) {
		iov[i].iov_base = data[i];
		msgs[i].msg_hdr.msg_iov = &iov[i];
		msgs[i].msg_hdr.msg_iovlen = 1;
	}
	double start = now();
	unsigned long sent =
	    strcmp(argv[1], "templates") == 0 && argc > 5
		? all_templates(port, seconds, (unsigned)strtoul(argv[4], NULL, 10),
				(unsigned)strtoul(argv[5], NULL, 10))
		: garbage(port, seconds);
	printf("%lu datagrams in %.2f s\n", sent, now() - start);
	return 0;
}
