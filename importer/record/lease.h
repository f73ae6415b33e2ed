/* SPDX-License-Identifier: Apache-2.0
 * The lease of an installation: who holds it may change the installation, one efctl at a time.
 *
 * It is a document beside the record. Its holder writes it anew every LEASE_RENEW_MS from a thread
 * of its own. Another one that wants it watches: a lease that was not written anew for LEASE_MS by
 * the watcher's own clock has no holder any more, whatever the clocks of the hosts say; nor has one
 * whose process is gone from this host. Whoever held it finds that out before its next write: a
 * write needs a lease that was renewed less than LEASE_MS ago, and a renewal finds the document as
 * the holder left it, or fails. */
#ifndef EF_IMPORTER_LEASE_H
#define EF_IMPORTER_LEASE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"
#include "common/options.h"

#define LEASE_MS       30000
#define LEASE_RENEW_MS 5000

struct es;
struct lease;

/*
 * Waits up to `wait_ms` for the lease and takes it. `command` is what people are told of, such as
 * "setup", and `again` the command that waits longer; `settings` is borrowed for the life of the
 * lease. EF_FAILED names who has it when the time is over. Makes the index where it is missing.
 */
int lease_take(const struct elastic_settings *settings, const char *command, const char *again,
	       int64_t wait_ms, struct lease **ret_lease, struct err *err);

/* From now on every request through `es` that may change something asks first whether the lease is
 * still held, and fails with EF_FAILED when it is not. */
void lease_guard(struct lease *lease, struct es *es);

/* Whether it is still held; renews it where that is due. */
int lease_check(struct lease *lease, struct err *err);

/* It is renewed no more but where a write finds it due: before the index is deleted, so that nobody
 * makes it anew. */
void lease_stop(struct lease *lease);

/* Gives it back. An index of ours that holds nothing else goes, too, also one that an efctl left
 * that was interrupted. Before es_free() of those that it guards. NULL is fine. */
void lease_release(struct lease *lease);

#endif
