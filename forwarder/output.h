/* SPDX-License-Identifier: Apache-2.0
 * The other output: closed batches as NDJSON to standard output or a file. */
#ifndef EF_OUTPUT_H
#define EF_OUTPUT_H

#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"
#include "forwarder/ship/batch.h"

struct output;

/* Opens `path` for appending ("-": standard output) and starts the writing thread with a pool of
 * its own. */
struct output *output_new(const char *path, uint32_t buffers, size_t batch_bytes, struct err *err);
void output_free(struct output *o);
/* Whether it can be opened, with nothing made: a regular file, one that is not there yet, standard
 * output, /dev/null. */
int output_check(const char *path, struct err *err);
struct batch_pool *output_pool(struct output *o);

/* Opens the file anew before the next batch, for log rotation. Standard output stays. */
void output_reopen(struct output *o);

/* Lines and bytes written so far. */
void output_counts(const struct output *o, uint64_t *ret_lines, uint64_t *ret_bytes);

/* Why nothing could be written the last time, for people; "" when it could. */
void output_problem(const struct output *o, char *text, size_t room);

/* True when nobody reads standard output any more: there is no use in going on. */
bool output_broken(const struct output *o);

/* A stop has begun: a write that fails is not tried again, so that no worker waits for ever. Call
 * it before waiting for the writers. */
void output_hurry(struct output *o);

/* Once all writers have closed their batches: waits until all is written. Returns the number of
 * lines that were lost. */
uint64_t output_finish(struct output *o);

#endif
