/* SPDX-License-Identifier: Apache-2.0
 * The names of an entry as JSON. */
#ifndef EF_DECODE_LEARNT_TEXT_H
#define EF_DECODE_LEARNT_TEXT_H

#include "forwarder/decode/exporter/learnt.h"

/* Room for the text of all names. */
#define LEARNT_TEXT_MAX (LEARNT_PARTS * (JSONW_STRING_MAX(LEARNT_SOURCE_MAX) + 32) + JSONW_SLACK)

/* Has an entry of that kind such a name? */
bool learnt_has_part(enum learnt_kind kind, unsigned part);
/* A name as it is kept: cut at the start of a character, NULs at the end removed. */
struct bytes learnt_trim(struct bytes name);
/* Writes all names as one object, `{"name":"…",…}`; returns its length, 0 when there are none. */
size_t learnt_text(char *out, enum learnt_kind kind, const struct bytes source[LEARNT_PARTS]);

#endif
