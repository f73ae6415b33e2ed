/* SPDX-License-Identifier: Apache-2.0
 * Reads datagrams written as hex text, the input of golden cases.
 *
 *     # a comment, to the end of the line
 *     datagram 192.0.2.1 2055 1700000000123      source address, source port, receive time in ms
 *       0009 0001                                hex digits, blanks as one likes
 *     message 192.0.2.1 40000 1700000000123      the same, over the TCP connection from there
 *     close 192.0.2.1 40000                      that connection is over
 *     tick 1700000060000                         the regular work at that time
 *     restart                                    state saved, a new decoder loads it */
#ifndef EF_TESTS_HEXFILE_H
#define EF_TESTS_HEXFILE_H

#include "forwarder/decode/decode.h"

enum hex_step { HEX_END, HEX_DATAGRAM, HEX_MESSAGE, HEX_CLOSE, HEX_TICK, HEX_RESTART };

struct hexfile;

int hexfile_open(const char *path, struct hexfile **ret, struct err *err);
/* The next step; the datagram's bytes are valid until the next call. A tick's time is in
 * received_ms. */
int hexfile_next(struct hexfile *f, enum hex_step *ret_step, struct datagram *ret, struct err *err);
void hexfile_free(struct hexfile *f);

#endif
