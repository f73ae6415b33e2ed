/* SPDX-License-Identifier: Apache-2.0
 * Documents in our data streams that are raw lines as efd sends them: our pipeline did not run when
 * they came. */
#ifndef EF_IMPORTER_RAW_DOCUMENTS_H
#define EF_IMPORTER_RAW_DOCUMENTS_H

#include <jansson.h>

#include "common/err.h"

struct app;
struct es;

/*
 * Appends to `findings` (finding.h), a stream that has some, how many there are and in which
 * indices; nothing where there are none. One that went ahead to prove the effect of the others
 * (forwarder/ship/proof.h) stays there when the stream is mended, and nobody else tells. Takes the
 * privilege read; without it they are UNKNOWN.
 */
int raw_documents_findings(struct es *es, const struct app *app, json_t *findings, struct err *err);

#endif
