/* SPDX-License-Identifier: Apache-2.0
 * What came of a datagram, and what there is to say of it beside its lines. */
#ifndef EF_DECODE_REPORT_H
#define EF_DECODE_REPORT_H

#include <stddef.h>
#include <stdint.h>

#include "common/ip.h"

enum decode_result {
	DECODE_OK,
	DECODE_SHORT,           /* shorter than its header */
	DECODE_UNKNOWN_VERSION, /* not a protocol of ours */
	DECODE_MALFORMED, /* something in it was wrong; what came before and after was decoded */
	DECODE_REFUSED,   /* a ceiling: the exporter is not known and there is no room for it */
};

/* What is wrong with it: the first that was found. */
struct decode_problem {
	const char *reason; /* static text: "set is longer than the message" */
	size_t offset;      /* in the datagram, bytes */
	uint32_t value;     /* the number found there: version, set id, length... */
};

/* What a person should hear of, though nothing is wrong with it: one of those that it brought. */
struct decode_notice {
	const char *text; /* static: "… of another sender" */
	struct ip who;    /* what the text is about */
};

struct decode_report {
	struct decode_problem problem; /* reason NULL: nothing is wrong */
	struct decode_notice notice;   /* text NULL: nobody needs to hear of it */
};

#endif
