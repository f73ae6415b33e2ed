/* SPDX-License-Identifier: Apache-2.0
 * Where efctl flows writes: standard output, a file, or a gzip file, in pieces
 * that each are whole. */
#ifndef EF_IMPORTER_FLOWS_SINK_H
#define EF_IMPORTER_FLOWS_SINK_H

#include <stddef.h>
#include <stdio.h>

#include "common/err.h"

struct flows_sink;

/* NULL and "-" are standard output; a name that ends with .gz is compressed.
 * What is there is written over, where it is a plain file. */
int flows_sink_open(const char *path, struct flows_sink **ret_sink, struct err *err);

/* Takes what is printed until the next flows_sink_pass(). */
FILE *flows_sink_out(struct flows_sink *sink);

/* Writes what was printed: then it is in the file, whatever happens to this
 * process. Where it fails, as on a full disk, a file is as it was before. */
int flows_sink_pass(struct flows_sink *sink, struct err *err);

/* Passes the rest, and closes; frees the sink whatever comes of it. NULL is
 * fine. */
int flows_sink_close(struct flows_sink *sink, struct err *err);

#endif
