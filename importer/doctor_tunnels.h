/* SPDX-License-Identifier: Apache-2.0
 * What doctor finds of tunnels: exporters that may count a packet inside of one and outside of
 * it. */
#ifndef EF_IMPORTER_DOCTOR_TUNNELS_H
#define EF_IMPORTER_DOCTOR_TUNNELS_H

#include <jansson.h>

#include "common/err.h"

struct app;
struct es;

/* Appends to `findings` what the last hour shows. sFlow samples a packet where it is, and is left
 * out; so is an exporter of which interfaces.csv leaves an interface out: that is the remedy. */
int doctor_tunnels(struct es *es, const struct app *app, json_t *findings, struct err *err);

/* The part of it that needs no cluster: octets by exporter, in all and of tunnels. */
void doctor_tunnels_of(const json_t *reply, json_t *findings);

#endif
