/* SPDX-License-Identifier: Apache-2.0
 * Data sets: from the bytes under a template to lines. */
#ifndef EF_DECODE_SET_H
#define EF_DECODE_SET_H

#include "forwarder/decode/core/cursor.h"
#include "forwarder/decode/core/decoder.h"

struct sink;

/* Decode the data set `id` of the datagram at hand, or hold it. */
void data_set(struct decoder *dec, struct sink *sink, uint16_t id, struct cursor set);

/* What the lines of a set are tagged with. */
enum { SET_HELD = 1, SET_UNCONFIRMED = 2 };

/* Walk the records of a set under a template that is known. */
void data_records(struct decoder *dec, struct sink *sink, const struct template *tmpl,
		  struct cursor set, unsigned tags);

/* The template `id` came to `session`: decode the sets that waited for it, there and in the domains
 * of devices (exporter/device.h). */
void data_waited(struct decoder *dec, struct sink *sink, struct session *session, uint16_t id);
/* Is something due of what waits for suspended templates (exporter/restart.h)? Decode what is in
 * force again, and what fits. */
void data_due(struct decoder *dec, struct sink *sink, struct domain *dom, uint64_t now_ms);

#endif
