/* SPDX-License-Identifier: Apache-2.0
 * Meta records: what they say is learnt, and measurements go out as lines of the exporter. */
#ifndef EF_DECODE_META_H
#define EF_DECODE_META_H

#include "forwarder/decode/record/record.h"

/* A meta record came: learn from it, or write it as a measurement. False: there was nothing in it
 * to use. */
bool meta_record(struct record_writer *out, struct sink *sink, const struct data_record *rec,
		 size_t room);

#endif
