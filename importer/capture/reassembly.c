/* SPDX-License-Identifier: Apache-2.0
 * Puts IP fragments and TCP segments of a capture together again. */
#include "importer/capture/reassembly.h"

#include <stdlib.h>
#include <string.h>

#define UNIT  8U /* fragments start at multiples of eight bytes */
#define UNITS ((FRAGMENT_MAX + UNIT - 1) / UNIT)

struct fragment_slot {
	struct fragment_key key;
	uint64_t since_ns;
	size_t total;   /* length of the packet, 0 while the last fragment is missing */
	size_t missing; /* units not seen yet, counted once total is known */
	uint8_t seen[(UNITS + 7) / 8];
	uint8_t data[UNITS * UNIT];
	bool used;
};

struct fragments {
	struct fragment_slot *slot[FRAGMENT_SLOTS]; /* allocated on first use */
	uint64_t lost;
};

struct fragments *fragments_new(void)
{
	return calloc(1, sizeof(struct fragments));
}

void fragments_free(struct fragments *f)
{
	if (!f)
		return;
	for (size_t i = 0; i < FRAGMENT_SLOTS; i++)
		free(f->slot[i]);
	free(f);
}

uint64_t fragments_lost(const struct fragments *f)
{
	uint64_t lost = f->lost;
	for (size_t i = 0; i < FRAGMENT_SLOTS; i++)
		lost += f->slot[i] && f->slot[i]->used;
	return lost;
}

static void slot_start(struct fragment_slot *s, const struct fragment_key *key, uint64_t time_ns)
{
	s->key = *key;
	s->since_ns = time_ns;
	s->total = 0;
	memset(s->seen, 0, sizeof(s->seen));
	s->used = true;
}

/* Gives up a datagram whose rest does not come. */
static void slot_expire(struct fragments *f, struct fragment_slot *s, uint64_t time_ns)
{
	if (!s->used || time_ns <= s->since_ns || time_ns - s->since_ns <= FRAGMENT_AGE)
		return;
	s->used = false;
	f->lost++;
}

/* The slot of `key`, or a free one, or the oldest. */
static struct fragment_slot *slot_of(struct fragments *f, const struct fragment_key *key,
				     uint64_t time_ns)
{
	struct fragment_slot *oldest = NULL;
	for (size_t i = 0; i < FRAGMENT_SLOTS; i++) {
		struct fragment_slot *s = f->slot[i];
		if (!s && oldest && !oldest->used)
			break; /* none behind was ever used */
		if (!s) {
			s = f->slot[i] = calloc(1, sizeof(*s));
			if (!s)
				return NULL;
		}
		slot_expire(f, s, time_ns);
		if (s->used && memcmp(&s->key, key, sizeof(*key)) == 0)
			return s;
		if (!oldest || (oldest->used && (!s->used || s->since_ns < oldest->since_ns)))
			oldest = s;
	}
	f->lost += oldest->used;
	slot_start(oldest, key, time_ns);
	return oldest;
}

static bool slot_complete(const struct fragment_slot *s)
{
	if (s->total == 0)
		return false;
	for (size_t u = 0; u * UNIT < s->total; u++)
		if (!(s->seen[u / 8] & (1U << (u % 8))))
			return false;
	return true;
}

enum fragment fragments_add(struct fragments *f, const struct fragment_key *key, uint64_t time_ns,
			    size_t offset, bool more, const uint8_t *data, size_t len,
			    const uint8_t **ret_data, size_t *ret_len)
{
	if (len == 0 || offset % UNIT != 0 || offset + len > FRAGMENT_MAX ||
	    (more && len % UNIT != 0))
		return FRAGMENT_BAD;
	struct fragment_slot *s = slot_of(f, key, time_ns);
	if (!s) {
		f->lost++;
		return FRAGMENT_HELD;
	}
	if (s->total && (more ? offset + len > s->total : offset + len != s->total))
		return FRAGMENT_BAD;
	memcpy(s->data + offset, data, len);
	for (size_t u = offset / UNIT; u * UNIT < offset + len; u++)
		s->seen[u / 8] |= (uint8_t)(1U << (u % 8));
	if (!more)
		s->total = offset + len;
	if (!slot_complete(s))
		return FRAGMENT_HELD;
	s->used = false; /* the bytes stay until the slot is taken again */
	*ret_data = s->data;
	*ret_len = s->total;
	return FRAGMENT_WHOLE;
}

#define IPFIX_VERSION 10U
#define IPFIX_HEADER  16U

struct stream_slot {
	struct stream_key key;
	uint64_t turn; /* when it was last used, to find the oldest */
	uint32_t next_seq;
	size_t taken; /* bytes at the front already given out */
	size_t len;
	bool used;
	uint8_t data[STREAM_MAX];
};

struct streams {
	struct stream_slot *slot[STREAM_SLOTS];
	struct stream_slot *current;
	uint64_t turn;
	uint64_t lost;
};

struct streams *streams_new(void)
{
	return calloc(1, sizeof(struct streams));
}

void streams_free(struct streams *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < STREAM_SLOTS; i++)
		free(s->slot[i]);
	free(s);
}

uint64_t streams_lost(const struct streams *s)
{
	return s->lost;
}

static bool starts_message(const uint8_t *p, size_t len)
{
	return len >= 4 && p[0] == 0 && p[1] == IPFIX_VERSION &&
	       (size_t)(p[2] << 8 | p[3]) >= IPFIX_HEADER;
}

static struct stream_slot *stream_of(struct streams *s, const struct stream_key *key, bool create)
{
	struct stream_slot **oldest = NULL;
	for (size_t i = 0; i < STREAM_SLOTS; i++) {
		struct stream_slot *t = s->slot[i];
		if (t && t->used && memcmp(&t->key, key, sizeof(*key)) == 0)
			return t;
		if (!oldest ||
		    (*oldest && (*oldest)->used && (!t || !t->used || t->turn < (*oldest)->turn)))
			oldest = &s->slot[i];
	}
	if (!create || (!*oldest && !(*oldest = malloc(sizeof(**oldest)))))
		return NULL;
	s->lost += s->turn >= STREAM_SLOTS && (*oldest)->used;
	(*oldest)->key = *key;
	(*oldest)->used = false;
	(*oldest)->len = (*oldest)->taken = 0;
	return *oldest;
}

void streams_add(struct streams *s, const struct stream_key *key, uint32_t seq, bool syn,
		 const uint8_t *data, size_t len)
{
	s->current = NULL;
	if (syn)
		seq++; /* the SYN itself takes a number (RFC 9293 §3.4) */
	struct stream_slot *t = stream_of(s, key, starts_message(data, len));
	if (!t || (syn && len == 0)) {
		if (t)
			t->used = false;
		return;
	}
	if (t->used && t->next_seq != seq) {
		uint32_t again = t->next_seq - seq; /* sent twice: this much is known already */
		if (again < STREAM_MAX) {
			if (again >= len)
				return;
			data += again, len -= again, seq += again;
		} else {
			s->lost++;
			t->used = false;
			t->len = t->taken = 0;
		}
	}
	if (!t->used && !starts_message(data, len))
		return;
	memmove(t->data, t->data + t->taken, t->len - t->taken);
	t->len -= t->taken;
	t->taken = 0;
	if (t->len + len > STREAM_MAX) {
		s->lost++;
		t->used = false;
		return;
	}
	memcpy(t->data + t->len, data, len);
	t->len += len;
	t->next_seq = seq + (uint32_t)len;
	t->turn = ++s->turn;
	t->used = true;
	s->current = t;
}

bool streams_next(struct streams *s, const struct stream_key **ret_key, const uint8_t **ret_data,
		  size_t *ret_len)
{
	struct stream_slot *t = s->current;
	if (!t)
		return false;
	const uint8_t *p = t->data + t->taken;
	size_t left = t->len - t->taken;
	if (left < 4)
		return false;
	if (!starts_message(p, left)) { /* not IPFIX after all, or out of step */
		s->lost++;
		t->used = false;
		return false;
	}
	size_t need = (size_t)(p[2] << 8 | p[3]);
	if (left < need)
		return false;
	t->taken += need;
	*ret_key = &t->key;
	*ret_data = p;
	*ret_len = need;
	return true;
}
