/* SPDX-License-Identifier: Apache-2.0
 * What a decoder is told when it is made: its settings, and the ceilings of its tables. */
#ifndef EF_DECODE_SETTINGS_H
#define EF_DECODE_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

struct fields;
struct seer;

/* The defaults of the ceilings; efd's options say them, too. */
#define DECODE_EXPORTERS      16384
#define DECODE_DOMAINS        1024
#define DECODE_TEMPLATES      1024
#define DECODE_FLOWS          65536
#define DECODE_OPTIONS        16384
#define DECODE_MEMORY_MIB     256
#define DECODE_HELD_MIB       16
#define DECODE_HELD_MINUTES   35
#define DECODE_TEMPLATE_HOURS 24

struct decode_limits {
	uint32_t exporters;              /* exporter and domain pairs */
	uint32_t domains_per_exporter;   /* of them, made by one sender address */
	uint32_t templates_per_exporter; /* of one exporter address, all its domains */
	uint32_t flows_per_exporter;     /* whose sums are kept: those that count up */
	uint32_t options_per_exporter;   /* learnt names and rates, likewise */
	uint64_t memory; /* bytes of all state together (an exporter may have an eighth) */
	uint64_t
	    held_bytes;   /* sets that wait for their template (an exporter may have an eighth) */
	uint64_t held_ms; /* and for how long */
	uint64_t template_ms;  /* a template that nobody used or sent for so long is forgotten */
	uint32_t output;       /* bytes of lines for one that an exporter sends (line/ceiling.h) */
	uint32_t output_first; /* and beside that */
	uint32_t new_lines;    /* exporters' own lines, of those that are new, an interval */
};

struct decode_settings {
	/* Taken: freed with the decoder, and when decoder_new() fails. NULL: the compiled rows
	 * alone. */
	struct fields *fields;
	/* What the tables of exporters and of what they say start their hashes with: a secret of
	 * hash_seed() where others may send, so that they cannot aim at one bucket; with 0
	 * exporters' lines come in the same order each time. */
	uint64_t hash_seed;
	struct decode_limits limits; /* 0 in a member: the default of decode_defaults() */
	/* A clock further from the receive time is off. 0: default. */
	uint64_t clock_skew_ms;
	/* Since when datagrams are listened for: what a flow counted before is not known. 0:
	 * always. */
	uint64_t listening_ms;
	uint64_t exporter_line_ms; /* interval of an exporter's own line. 0: default */
	bool no_silent_lines;      /* no line of an exporter that sent nothing since its last one */
	bool no_options_join;      /* leave out "options" */
	bool no_hold;              /* drop data that comes before its template */
	bool no_agents;    /* the exporter of sFlow is the sender, whatever agent it names */
	struct seer *seer; /* core/seen.h; lent; NULL: nobody asks */
};

#endif
