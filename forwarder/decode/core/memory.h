/* SPDX-License-Identifier: Apache-2.0
 * The ceiling over the memory of all that was learnt, and each exporter's share of it. */
#ifndef EF_DECODE_MEMORY_H
#define EF_DECODE_MEMORY_H

#include "forwarder/decode/core/decoder.h"

/* Memory of an exporter's state is taken and returned here, so that all together have a ceiling,
 * and each a share of it that nobody else can use up. Where all is taken others than `exporter` may
 * be forgotten for it (exporter/rank.h). False: one of them is reached. */
bool memory_take(struct decoder *dec, struct exporter *exporter, size_t bytes);
void memory_return(struct decoder *dec, struct exporter *exporter, size_t bytes);

#endif
