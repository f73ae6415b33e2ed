/* SPDX-License-Identifier: Apache-2.0
 * Rows of datagrams in one byte string, the input of the NetFlow and IPFIX fuzz targets.
 *
 * A step is a length of 16 bits, an octet that names the exporter, then so many bytes of datagram.
 * With the top bit of the octet set it is the regular work instead, that many seconds later. The
 * bit below that: over TCP, and with the next one below over a new connection. */
#ifndef EF_TESTS_LIB_STEPS_H
#define EF_TESTS_LIB_STEPS_H

#include <stddef.h>
#include <stdint.h>

/* Runs all steps through a decoder with low ceilings and checks every line. `version`, when not 0,
 * is put over the version of each datagram, so that all work goes into one protocol. */
void steps_run(const uint8_t *data, size_t size, uint16_t version);

#endif
