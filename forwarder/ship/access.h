/* SPDX-License-Identifier: Apache-2.0
 * Where requests go and with which credentials: at the start, after a reload, after a new API
 * key. */
#ifndef EF_SHIP_ACCESS_H
#define EF_SHIP_ACCESS_H

#include "common/err.h"
#include "common/options.h"
#include "forwarder/ship/keys.h"

struct shipper;

/* New endpoints and credentials, from the next request on. `elastic` is borrowed from now
 * on in place of the one before; the first one must stay. */
int shipper_reload(struct shipper *s, const struct elastic_settings *elastic, struct err *err);

/* Another API key, from the next request on: 1; 0 when it is the one in force; -1: no memory. */
int shipper_set_key(struct shipper *s, const char *api_key, struct err *err);

/* The API keys that were used, by id. */
void shipper_get_keys(struct shipper *s, struct ship_keys *ret_keys);

/* For the shipper: the settings of the start, before there are threads. */
int access_init(struct shipper *s, const struct elastic_settings *elastic, struct err *err);
void access_release(struct shipper *s);

#endif
