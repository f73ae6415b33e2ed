/* SPDX-License-Identifier: Apache-2.0
 * Opens a network interface to read flow datagrams from it. */
#include "importer/capture/live.h"

#include <pcap/pcap.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#define BUFFER_BYTES (16 << 20) /* of the kernel: bursts */
#define PACKET_BYTES 262144     /* libpcap's own ceiling */
#define POLL_MS      100        /* how long a packet may wait, and how soon an end is seen */
#define FILTER_ROOM  2048

static void describe_failure(const char *interface, pcap_t *pcap, int result, struct err *err)
{
	const char *why = pcap_geterr(pcap);
	if (result == PCAP_ERROR_PERM_DENIED)
		err_set(err, EF_USAGE,
			"no permission to read from interface %s: run it with sudo, or give it "
			"CAP_NET_RAW",
			interface);
	else
		err_set(err, EF_USAGE, "cannot read from interface %s: %s%s%s", interface,
			pcap_statustostr(result), *why ? ": " : "", why);
}

/* Fragments behind the first have no port: what they belong to is seen later. */
static int set_filter(pcap_t *pcap, const uint16_t *ports, size_t n_ports, struct err *err)
{
	char text[FILTER_ROOM];
	struct bpf_program program;
	size_t len =
	    (size_t)snprintf(text, sizeof(text), "(ip[6:2] & 0x1fff != 0) or (ip6[6] = 44)");
	for (size_t i = 0; i < n_ports && len < sizeof(text); i++)
		len +=
		    (size_t)snprintf(text + len, sizeof(text) - len, " or (dst port %u)", ports[i]);
	if (len >= sizeof(text) || pcap_compile(pcap, &program, text, 1, PCAP_NETMASK_UNKNOWN) != 0)
		return err_set(err, EF_FAILED, "no filter for these ports: %s", pcap_geterr(pcap));
	int set = pcap_setfilter(pcap, &program);
	pcap_freecode(&program);
	return set == 0 ? 0 : err_set(err, EF_FAILED, "no filter: %s", pcap_geterr(pcap));
}

static int set_nonblocking(pcap_t *pcap, struct err *err)
{
	char why[PCAP_ERRBUF_SIZE] = "";
	return pcap_setnonblock(pcap, 1, why) == 0 ? 0 : err_set(err, EF_FAILED, "%s", why);
}

/* Twice as long as the kernel keeps packets back. */
bool live_wait(struct pcap *pcap)
{
	struct pollfd ready = { .fd = pcap_get_selectable_fd(pcap), .events = POLLIN };
	return poll(&ready, 1, 2 * POLL_MS) > 0;
}

int live_open(const char *interface, const uint16_t *ports, size_t n_ports, struct pcap **ret,
	      struct err *err)
{
	char why[PCAP_ERRBUF_SIZE] = "";
	pcap_t *pcap = pcap_create(interface, why);
	if (!pcap)
		return err_set(err, EF_FAILED, "cannot read from interface %s: %s", interface, why);
	pcap_set_snaplen(pcap, PACKET_BYTES);
	pcap_set_timeout(pcap, POLL_MS);
	pcap_set_buffer_size(pcap, BUFFER_BYTES);
	pcap_set_tstamp_precision(pcap, PCAP_TSTAMP_PRECISION_NANO);
	int result = pcap_activate(pcap);
	if (result < 0) {
		describe_failure(interface, pcap, result, err);
		pcap_close(pcap);
		return -1;
	}
	/* libpcap itself may wait for ever where nothing comes */
	if (set_filter(pcap, ports, n_ports, err) || set_nonblocking(pcap, err)) {
		pcap_close(pcap);
		return -1;
	}
	*ret = pcap;
	return 0;
}
