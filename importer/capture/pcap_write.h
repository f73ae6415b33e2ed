/* SPDX-License-Identifier: Apache-2.0
 * Writes a capture file: datagrams as packets of raw IP, so without MAC addresses. */
#ifndef EF_IMPORTER_PCAP_WRITE_H
#define EF_IMPORTER_PCAP_WRITE_H

#include "common/err.h"
#include "importer/capture/pcap.h"

struct pcap_writer;

/* A new file that its owner alone can read; one that is there is never written over (EF_USAGE). It
 * is empty so far. */
int pcap_writer_new(const char *path, struct pcap_writer **ret, struct err *err);

/* One datagram; a message of a TCP connection goes into segments of one, which begins with its SYN.
 * Headers are made anew, with right checksums, from the addresses, ports and the time of `c`. */
int pcap_writer_add(struct pcap_writer *w, const struct captured *c, struct err *err);

/* To the disk. Without it, or when it fails, pcap_writer_free() takes the file away again. */
int pcap_writer_finish(struct pcap_writer *w, struct err *err);
void pcap_writer_free(struct pcap_writer *w);

/* Of the file. */
int pcap_writer_fd(const struct pcap_writer *w);

#endif
