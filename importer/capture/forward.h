/* SPDX-License-Identifier: Apache-2.0
 * Plays captures as datagrams to a running efd, with the exporters' own addresses where the system
 * lets us. */
#ifndef EF_IMPORTER_FORWARD_H
#define EF_IMPORTER_FORWARD_H

#include "common/err.h"
#include "importer/capture/replay.h"

/* Sends the datagrams to `to` ("udp://HOST:PORT"). */
int replay_forward(const struct replay *r, const char *to, struct replay_totals *ret_totals,
		   struct err *err);

#endif
