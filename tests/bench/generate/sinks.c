/* SPDX-License-Identifier: Apache-2.0
 * Where generated datagrams go: a pcap file, or UDP at a steady rate with the exporters' addresses
 * as sources. */
#include <arpa/inet.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "tests/bench/generate/generate.h"

static bool parse_endpoint(const char *s, struct sockaddr_in *sa)
{
	char host[64];
	unsigned port;
	memset(sa, 0, sizeof *sa);
	sa->sin_family = AF_INET;
	if (sscanf(s, "%63[^:]:%u", host, &port) != 2 || port == 0 || port > 65535)
		return false;
	sa->sin_port = htons((uint16_t)port);
	return inet_pton(AF_INET, host, &sa->sin_addr) == 1;
}

void write_pcap(const struct ctx *c)
{
	static const uint16_t ports[] = { 2055, 2055, 4739, 6343 };
	const struct output *o = &c->out;
	FILE *f = strcmp(c->opt.pcap, "-") ? fopen(c->opt.pcap, "wb") : stdout;
	if (!f)
		die("%s: %s", c->opt.pcap, strerror(errno));
	const struct {
		uint32_t magic;
		uint16_t major, minor;
		uint32_t zone, sigfigs, snaplen, link;
	} file_head = { 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1 };
	fwrite(&file_head, sizeof file_head, 1, f);
	for (size_t i = 0; i < o->count; i++) {
		const struct datagram *d = &o->list[i];
		uint32_t len = d->len + 42;
		uint32_t record[4] = { (uint32_t)(d->time_ms / 1000),
				       (uint32_t)(d->time_ms % 1000 * 1000), len, len };
		uint8_t head[42];
		struct buf b = { head, head + sizeof head };
		put_uint(&b, 0x020000000001, 6);
		put_uint(&b, 0x020000000002, 6);
		put16(&b, 0x0800);
		put32(&b, 0x45000000u | (d->len + 28));
		put32(&b, (i & 0xffff) << 16);
		put32(&b, 64u << 24 | 17u << 16);
		put32(&b, c->exp[d->exporter].addr);
		put32(&b, 0x7f000001);
		patch16(head + 24, ip_checksum(head + 14, 20));
		put16(&b, c->opt.src_port);
		put16(&b, ports[c->opt.proto]);
		put16(&b, d->len + 8);
		put16(&b, 0); /* no checksum */
		fwrite(record, sizeof record, 1, f);
		fwrite(head, sizeof head, 1, f);
		fwrite(o->bytes + d->offset, d->len, 1, f);
	}
	if (fflush(f) || ferror(f))
		die("%s: %s", c->opt.pcap, strerror(errno));
	if (f != stdout)
		fclose(f);
}

static double seconds(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void sleep_until(double when)
{
	struct timespec t = { (time_t)when, (long)((when - floor(when)) * 1e9) };
	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == EINTR)
		;
}

struct sender {
	int fd;
	struct sockaddr_in to;
	struct mmsghdr msg[MAX_BATCH];
	struct iovec iov[MAX_BATCH];
	union {
		struct cmsghdr h;
		char space[CMSG_SPACE(sizeof(struct in_pktinfo))];
	} ctl[MAX_BATCH];
};

/* The source address goes with each message, so one socket plays all exporters. */
static void send_range(struct sender *s, const struct ctx *c, size_t from, size_t to)
{
	unsigned n = (unsigned)(to - from);
	for (unsigned i = 0; i < n; i++) {
		const struct datagram *d = &c->out.list[from + i];
		s->iov[i] = (struct iovec){ c->out.bytes + d->offset, d->len };
		struct msghdr *m = &s->msg[i].msg_hdr;
		*m = (struct msghdr){ .msg_name = &s->to,
				      .msg_namelen = sizeof s->to,
				      .msg_iov = &s->iov[i],
				      .msg_iovlen = 1 };
		if (ntohl(s->to.sin_addr.s_addr) >> 24 != 127)
			continue; /* foreign source addresses exist on loopback only */
		m->msg_control = &s->ctl[i];
		m->msg_controllen = sizeof s->ctl[i].space;
		struct cmsghdr *h = CMSG_FIRSTHDR(m);
		h->cmsg_level = IPPROTO_IP;
		h->cmsg_type = IP_PKTINFO;
		h->cmsg_len = CMSG_LEN(sizeof(struct in_pktinfo));
		struct in_pktinfo info = { .ipi_spec_dst.s_addr = htonl(c->exp[d->exporter].addr) };
		memcpy(CMSG_DATA(h), &info, sizeof info);
	}
	for (unsigned done = 0; done < n;) {
		int r = sendmmsg(s->fd, s->msg + done, n - done, 0);
		if (r > 0)
			done += (unsigned)r;
		else if (errno == ECONNREFUSED || errno == EINTR)
			continue;
		else if (errno == ENOBUFS || errno == EAGAIN)
			usleep(100);
		else
			die("sendmmsg: %s", strerror(errno));
	}
}

static double send_paced(struct sender *s, const struct ctx *c, size_t from, size_t to, double pps)
{
	double start = seconds();
	for (size_t i = from; i < to;) {
		size_t n = to - i < c->opt.batch ? to - i : c->opt.batch;
		if (pps > 0)
			sleep_until(start + (double)(i - from) / pps);
		send_range(s, c, i, i + n);
		i += n;
	}
	return seconds() - start;
}

double send_udp(const struct ctx *c)
{
	static struct sender s;
	if (!parse_endpoint(c->opt.udp, &s.to))
		die("--udp wants ADDRESS:PORT");
	s.fd = socket(AF_INET, SOCK_DGRAM, 0);
	int big = 4 << 20, one = 1;
	setsockopt(s.fd, SOL_SOCKET, SO_SNDBUF, &big, sizeof big);
	setsockopt(s.fd, SOL_SOCKET, SO_REUSEADDR, &one,
		   sizeof one); /* other senders, same source port */
	struct sockaddr_in from = { .sin_family = AF_INET, .sin_port = htons(c->opt.src_port) };
	if (s.fd < 0 || bind(s.fd, (struct sockaddr *)&from, sizeof from))
		die("socket: %s", strerror(errno));
	/* Templates first, and a rest, so that no data overtakes its template. */
	if (c->out.templates_first) {
		send_paced(&s, c, 0, c->out.templates_first, 2000);
		usleep(c->opt.pause_ms * 1000);
	}
	double t = send_paced(&s, c, c->out.templates_first, c->out.count, c->opt.pps);
	close(s.fd);
	return t;
}
