/* SPDX-License-Identifier: Apache-2.0
 * Lists in records (RFC 6313): basicList, subTemplateList, subTemplateMultiList. */
#ifndef EF_DECODE_LIST_H
#define EF_DECODE_LIST_H

#include "forwarder/decode/record/record.h"

/* list_room: the largest JSON of a list; list_write writes it. A list that is malformed, deeper
 * than LIST_DEPTH_MAX or in a record larger than RECORD_ROOM_MAX is {"data":"<hex>"}. Both look up
 * nested templates in the domain of the datagram. */
size_t list_room(struct record_writer *out, enum converter conv, struct bytes list, unsigned depth);
char *list_write(struct record_writer *out, enum converter conv, struct bytes list, unsigned depth,
		 char *p);
/* Tells what stands where in it (core/seen.h), as far as it can be read. */
void list_see(struct record_writer *out, enum converter conv, struct bytes list, unsigned depth);

#endif
