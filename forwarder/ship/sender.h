/* SPDX-License-Identifier: Apache-2.0
 * A sender thread: one bulk request at a time, its reply judged item by item until the parcel is
 * settled. */
#ifndef EF_SHIP_SENDER_H
#define EF_SHIP_SENDER_H

#include "forwarder/ship/shipper_internal.h"

/* -1: what is there is for sender_release() all the same. */
int sender_init(struct sender *sender, struct shipper *s, struct err *err);
/* Runs until nothing will come any more; `sender` is a struct sender. */
void *sender_main(void *sender);
void sender_release(struct sender *sender);

#endif
