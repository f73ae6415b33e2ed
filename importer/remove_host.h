/* SPDX-License-Identifier: Apache-2.0
 * What efctl remove takes away of this host, and what it leaves: efd's connection, the file of its
 * API key, and the timer of the threat feeds. */
#ifndef EF_IMPORTER_REMOVE_HOST_H
#define EF_IMPORTER_REMOVE_HOST_H

#include <stdbool.h>

#include "common/err.h"
#include "importer/client/keys.h"

struct app;
struct install;

/* Lists each of them that is here as "remove" or "kept", with the reason. `revoked` are the API
 * keys that go; `last`: no namespace stays. */
int remove_host_print(const struct install *in, const struct app *app, const struct keys *revoked,
		      bool last, struct err *err);

/* Takes timer and connection away, as listed; the key file goes with its key. */
int remove_host(struct install *in, const struct app *app, struct err *err);

#endif
