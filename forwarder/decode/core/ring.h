/* SPDX-License-Identifier: Apache-2.0
 * A list that leads back to its head: what is in it can leave without asking whose it is. */
#ifndef EF_DECODE_RING_H
#define EF_DECODE_RING_H

#include <stdbool.h>
#include <stddef.h>

struct ring {
	struct ring *before, *after;
};

static inline void ring_init(struct ring *r)
{
	r->before = r->after = r;
}

static inline bool ring_empty(const struct ring *head)
{
	return head->after == head;
}

static inline void ring_leave(struct ring *r)
{
	r->before->after = r->after;
	r->after->before = r->before;
	ring_init(r);
}

static inline void ring_append(struct ring *head, struct ring *r)
{
	r->before = head->before;
	r->after = head;
	head->before->after = r;
	head->before = r;
}

/* All of `from` goes in front of what is in `to`. */
static inline void ring_put_first(struct ring *to, struct ring *from)
{
	if (ring_empty(from))
		return;
	from->before->after = to->after;
	to->after->before = from->before;
	to->after = from->after;
	from->after->before = to;
	ring_init(from);
}

#define ring_row(r, type, member) ((type *)(void *)((char *)(r)-offsetof(type, member)))

#endif
