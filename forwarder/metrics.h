/* SPDX-License-Identifier: Apache-2.0
 * The text of /metrics: every counter of every part, in Prometheus' format. */
#ifndef EF_METRICS_H
#define EF_METRICS_H

#include "common/buf.h"
#include "forwarder/efd.h"

/* The text of /metrics. -1: no memory. */
int metrics_write(struct efd *efd, struct buf *out);

#endif
