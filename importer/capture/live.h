/* SPDX-License-Identifier: Apache-2.0
 * Opens a network interface to read flow datagrams from it. */
#ifndef EF_IMPORTER_LIVE_H
#define EF_IMPORTER_LIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"

struct pcap;

/* `interface` is a name, or "any": what goes to one of the ports by UDP or TCP, and fragments. Only
 * this needs CAP_NET_RAW. EF_USAGE where that is missing, or the interface. */
int live_open(const char *interface, const uint16_t *ports, size_t n_ports, struct pcap **ret,
	      struct err *err);

/* There was nothing to read: wait for a moment. False: there still is nothing. */
bool live_wait(struct pcap *pcap);

#endif
