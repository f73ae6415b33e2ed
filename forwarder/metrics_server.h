/* SPDX-License-Identifier: Apache-2.0
 * HTTP for operators: /metrics in Prometheus' text format, /healthz, /readyz. */
#ifndef EF_METRICS_SERVER_H
#define EF_METRICS_SERVER_H

#include "common/err.h"
#include "forwarder/efd.h"

struct metrics;

/* Starts a thread that answers on `listen` ("[ADDRESS:]PORT", a port alone: 127.0.0.1). `efd` is
 * borrowed.
 *
 *   /metrics   every counter of every part
 *   /healthz   200; 503 when a worker stands still
 *   /readyz    200 once Elasticsearch has answered: "ok", or "not verified: " and why it is not
 *              known that what is sent takes effect; 503 and the reason when data does not get
 *              through to it */
struct metrics *metrics_start(const char *listen, struct efd *efd, struct err *err);
void metrics_stop(struct metrics *m);

#endif
