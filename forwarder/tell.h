/* SPDX-License-Identifier: Apache-2.0
 * What the log says of datagrams and their senders. It is rate-limited (common/log.h): garbage may
 * come a million times a second. */
#ifndef EF_TELL_H
#define EF_TELL_H

#include "forwarder/decode/core/datagram.h"
#include "forwarder/decode/core/report.h"

void tell_problem(const struct decode_problem *problem, const struct datagram *d);
void tell_notice(const struct decode_notice *notice, const struct datagram *d);
/* Of a TCP connection that is closed because its templates had to make room (struct stream): an
 * exporter sends them again when it connects again, and not before. */
void tell_forgotten(const struct ip *src);

#endif
