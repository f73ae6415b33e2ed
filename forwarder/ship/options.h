/* SPDX-License-Identifier: Apache-2.0
 * The options of shipping, shared by efd and `efctl replay`: batches, connections, spool,
 * rejects. */
#ifndef EF_SHIP_OPTIONS_H
#define EF_SHIP_OPTIONS_H

#include "common/conf.h"

enum spool_when { SPOOL_OVERFLOW, SPOOL_ALWAYS };

struct ship_settings {
	int64_t batch_bytes;
	int64_t batch_age_ms;
	int64_t buffers;
	int64_t connections;
	int64_t memory_bytes; /* of compressed batches that wait in memory */
	bool ids;
	bool setup_check;
	char *reject_file; /* NULL: none */
	int64_t reject_bytes;
	char *spool_dir; /* NULL: no spool */
	int64_t spool_bytes;
	int spool_when; /* enum spool_when */
	int spool_full; /* enum spool_policy */
	int spool_sync; /* enum spool_sync */
	/* no option: what is read can wait (a capture), so that without a spool nothing is given up
	 * for the sake of what comes after it */
	bool source_waits;
};

/* Table with `settings` set to the given object. */
struct opt_table ship_options(struct ship_settings *s);

#endif
