/* SPDX-License-Identifier: Apache-2.0
 * A source is asked by HTTP: its token goes to its own origin alone, and what comes is bounded.
 *
 * No redirect is followed, TLS is verified and 1.2 or newer, no proxy of the environment is used,
 * and nothing is taken compressed: what comes over the network is what it takes here. */
#ifndef EF_IMPORTER_INV_HTTP_H
#define EF_IMPORTER_INV_HTTP_H

#include "common/buf.h"
#include "common/err.h"
#include "importer/inventory/inv_source.h"

struct inv_http;

/* `s` is borrowed for the life of it; its time (limits.seconds) begins here. NULL with `err`. */
struct inv_http *inv_http_new(const struct inv_source *s, struct err *err);
void inv_http_free(struct inv_http *h);

/*
 * GET `url` into `body`, which is initialised here and is the caller's, also after an error.
 * EF_USAGE: the url is of another origin than the source's. EF_UNREACHABLE: no whole answer.
 * EF_FAILED: another status than 200, or one of the source's limits is reached.
 */
int inv_http_get(struct inv_http *h, const char *url, struct buf *body, struct err *err);

#endif
