/* SPDX-License-Identifier: Apache-2.0
 * MMDB files of any make, read with libmaxminddb: one address asked, or all networks walked. */
#ifndef EF_IMPORTER_MMDB_H
#define EF_IMPORTER_MMDB_H

#include <jansson.h>

#include "common/err.h"
#include "common/ip.h"

/* The whole record for an address, as JSON; `*ret_record` is NULL when the file has none. A new
 * reference. */
int mmdb_ask(const char *path, const struct ip *ip, json_t **ret_record, struct err *err);

/*
 * Calls `each` for every network that has a record, in address order, IPv4 as IPv4. Neighbours with
 * one record are separate calls. Stops at the first failure. `record` is borrowed.
 */
typedef int mmdb_each_fn(void *arg, const struct prefix *network, json_t *record, struct err *err);
int mmdb_walk(const char *path, mmdb_each_fn *each, void *arg, struct err *err);

/* The value at a path like "country.iso_code" or "subdivisions.0.names.en"; borrowed, NULL when
 * there is none. */
json_t *mmdb_at(json_t *record, const char *path);

#endif
