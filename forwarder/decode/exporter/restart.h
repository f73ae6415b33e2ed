/* SPDX-License-Identifier: Apache-2.0
 * Whether an exporter started again, and its templates, which may have another layout since.
 *
 * With an uptime in the header: it went back, and not because 2^32 ms (49.7 days) were over, and
 * the time of its boot (export time less uptime) went forward, to after the newest datagram. NTP
 * that sets a clock moves the boot time alone, a late datagram and a second line card under one id
 * the uptime alone. IPFIX has no uptime: its number is back near 0 for three datagrams in a row,
 * none of them exported before what came last; a jump, or a run of late datagrams, is no restart.
 *
 * The templates of before are suspended then (of IPFIX from the first of the three on, and in force
 * again when there are no three): data waits until its template comes again, or until a grace is
 * over. From then on data that fits the old template, in its length and in its times, is decoded
 * with it, and its lines are tagged; what does not fit waits on (held.h). */
#ifndef EF_DECODE_RESTART_H
#define EF_DECODE_RESTART_H

#include "forwarder/decode/core/decoder.h"

#define RESTART_GRACE_MS 60000 /* for the templates to come again */

/* For the datagram at hand, before its sets. uptime_ms 0: the protocol has none. Nothing over TCP:
 * who starts again has another connection, with templates and numbers of its own. */
void restart_check(struct decoder *dec, struct domain *dom, uint32_t seq, uint32_t uptime_ms);

#endif
