/* SPDX-License-Identifier: Apache-2.0
 * The options of shipping, shared by efd and `efctl replay`: batches, connections, spool,
 * rejects. */
#include "forwarder/ship/options.h"

#define AT(field) offsetof(struct ship_settings, field)

static const char *const when_names[] = { "overflow", "always", NULL };
static const char *const full_names[] = { "drop-oldest", "drop-newest", NULL };

static const char *const sync_names[] = { "second", "batch", "off", NULL };

static const struct opt rows[] = {
	{ .name = "ship.batch_size",
	  .type = OPT_SIZE,
	  .offset = AT(batch_bytes),
	  .preset = "1M",
	  .min = 65536,
	  .max = 64 << 20,
	  .help = "A batch closes at this size, before compression. Larger ones gain little, and a "
		  "pipeline needs a multiple of it in Elasticsearch's heap." },
	{ .name = "ship.batch_age",
	  .type = OPT_DURATION,
	  .offset = AT(batch_age_ms),
	  .preset = "1s",
	  .min = 10,
	  .max = 60000,
	  .help = "A batch closes at this age, however small it is." },
	{ .name = "ship.buffers",
	  .type = OPT_INT,
	  .offset = AT(buffers),
	  .preset = "16",
	  .min = 2,
	  .max = 1024,
	  .help = "Batch buffers in the pool; with ship.batch_size the ceiling on memory for "
		  "lines that are not yet compressed. At least one more than workers." },
	{ .name = "ship.connections",
	  .type = OPT_INT,
	  .offset = AT(connections),
	  .preset = "4",
	  .min = 1,
	  .max = 64,
	  .help = "Bulk requests under way at the same time, at most. When Elasticsearch says that "
		  "it is busy (429), efd makes fewer, and more again as it goes well." },
	{ .name = "ship.memory",
	  .type = OPT_SIZE,
	  .offset = AT(memory_bytes),
	  .preset = "16M",
	  .min = 1 << 20,
	  .max = 1ll << 34,
	  .help = "Compressed batches that may wait in memory while Elasticsearch answers "
		  "slower than records come. Beyond it they go to the spool." },
	{ .name = "ship.ids",
	  .type = OPT_BOOL,
	  .offset = AT(ids),
	  .preset = "true",
	  .help = "Give each document an id, so that a batch that is sent again after an unclear "
		  "answer is stored once. Ids are unique within a backing index: a resend across a "
		  "rollover can still store twice." },
	{ .name = "ship.setup_check",
	  .type = OPT_BOOL,
	  .offset = AT(setup_check),
	  .preset = "true",
	  .help = "Send nothing to a cluster that lacks the index template logs-flow, and nothing "
		  "to a data stream on which our pipeline does not run: documents would be stored "
		  "as they come. What the key and the cluster cannot tell is not verified, and "
		  "/readyz says so." },
	{ .name = "ship.reject_file",
	  .type = OPT_TEXT,
	  .offset = AT(reject_file),
	  .arg = "FILE",
	  .help =
	      "What neither the data stream nor logs-flow.failed takes is written here with "
	      "the reason, one JSON object a line. efd's default is rejects.ndjson in state.dir." },
	{ .name = "ship.reject_size",
	  .type = OPT_SIZE,
	  .offset = AT(reject_bytes),
	  .preset = "64M",
	  .min = 4096,
	  .max = 1ll << 40,
	  .help = "The reject file is renamed to .1 at this size, in place of an older one; what "
		  "was in that counts as lost." },
	{ .name = "spool.dir",
	  .type = OPT_TEXT,
	  .offset = AT(spool_dir),
	  .arg = "DIR",
	  .help = "Directory for batches that Elasticsearch cannot take now. Without it efd stops "
		  "reading when memory is full, and the kernel drops." },
	{ .name = "spool.size",
	  .type = OPT_SIZE,
	  .offset = AT(spool_bytes),
	  .preset = "4G",
	  .min = 65536,
	  .max = 1ll << 50,
	  .help = "Ceiling of the spool directory." },
	{ .name = "spool.when",
	  .type = OPT_ENUM,
	  .offset = AT(spool_when),
	  .choices = when_names,
	  .preset = "overflow",
	  .help = "overflow: the spool takes what memory does not hold, and everything while "
		  "Elasticsearch is away. always: every batch is on disk before it is sent." },
	{ .name = "spool.full",
	  .type = OPT_ENUM,
	  .offset = AT(spool_full),
	  .choices = full_names,
	  .preset = "drop-oldest",
	  .help = "What a full spool gives up. Drops are counted and logged." },
	{ .name = "spool.sync",
	  .type = OPT_ENUM,
	  .offset = AT(spool_sync),
	  .choices = sync_names,
	  .preset = "second",
	  .help =
	      "When spool files are forced to the disk. They survive a crash of efd in any case; "
	      "second: a power cut takes what was written in the last second; batch: each file "
	      "before it counts, which costs a few milliseconds each; off: when the system "
	      "likes." },
};

struct opt_table ship_options(struct ship_settings *s)
{
	return (struct opt_table){ .title = "Shipping", OPT_ROWS(rows), .settings = s };
}
