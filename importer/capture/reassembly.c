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
	uint64_t number; /* of the connection; 0: none */
	uint64_t turn;   /* when it was last used, to find the oldest */
	uint32_t next_seq;
	size_t taken; /* bytes at the front already given out */
	size_t len;
	bool in_step; /* next_seq is known */
	bool over;    /* nothing more will come */
	uint8_t data[STREAM_MAX];
};

struct streams {
	struct stream_slot *slot[STREAM_SLOTS];
	struct stream_slot *current;
	uint64_t turn, numbers;
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

static struct stream_slot *stream_find(const struct streams *s, const struct stream_key *key)
{
	for (size_t i = 0; i < STREAM_SLOTS; i++) {
		struct stream_slot *t = s->slot[i];
		if (t && t->number && memcmp(&t->key, key, sizeof(*key)) == 0)
			return t;
	}
	return NULL;
}

/* Whose place a new one gets first: of what is over, of nobody, of what was silent longest. */
static unsigned stream_worth(const struct stream_slot *t)
{
	return !t ? 1 : !t->number || t->over ? 0 : 2;
}

/* NULL: no memory. */
static struct stream_slot *stream_begin(struct streams *s, const struct stream_key *key)
{
	struct stream_slot **at = &s->slot[0];
	for (size_t i = 1; i < STREAM_SLOTS; i++) {
		struct stream_slot *t = s->slot[i];
		unsigned worth = stream_worth(t), least = stream_worth(*at);
		if (worth < least || (worth == 2 && least == 2 && t->turn < (*at)->turn))
			at = &s->slot[i];
	}
	if (*at)
		s->lost += stream_worth(*at) == 2 && (*at)->in_step;
	else if (!(*at = malloc(sizeof(**at))))
		return NULL;
	struct stream_slot *t = *at;
	t->key = *key;
	t->number = ++s->numbers;
	t->turn = ++s->turn;
	t->in_step = t->over = false;
	t->len = t->taken = 0;
	return t;
}

/* Drops what waits for its rest. */
static void stream_lose(struct streams *s, struct stream_slot *t)
{
	s->lost++;
	t->in_step = false;
	t->len = t->taken = 0;
}

static void stream_append(struct streams *s, struct stream_slot *t, uint32_t seq,
			  const uint8_t *data, size_t len)
{
	if (t->in_step && t->next_seq != seq) {
		uint32_t again = t->next_seq - seq; /* sent twice: this much is known already */
		if (again >= STREAM_MAX) {
			stream_lose(s, t);
		} else {
			if (again >= len)
				return;
			data += again, len -= again, seq += again;
		}
	}
	if (!t->in_step && !starts_message(data, len))
		return;
	memmove(t->data, t->data + t->taken, t->len - t->taken);
	t->len -= t->taken;
	t->taken = 0;
	if (t->len + len > STREAM_MAX) {
		stream_lose(s, t);
		return;
	}
	memcpy(t->data + t->len, data, len);
	t->len += len;
	t->next_seq = seq + (uint32_t)len;
	t->turn = ++s->turn;
	t->in_step = true;
	s->current = t;
}

void streams_add(struct streams *s, const struct stream_key *key, uint32_t seq, bool syn, bool last,
		 const uint8_t *data, size_t len)
{
	struct stream_slot *t = stream_find(s, key);
	s->current = NULL;
	if (syn) {
		seq++; /* the SYN itself takes a number (RFC 9293 §3.4) */
		if (t)
			t->number = 0;
		t = NULL;
	}
	if (!t && starts_message(data, len))
		t = stream_begin(s, key);
	if (!t)
		return;
	t->over |= last;
	if (len)
		stream_append(s, t, seq, data, len);
}

bool streams_next(struct streams *s, struct stream_message *ret)
{
	struct stream_slot *t = s->current;
	if (!t)
		return false;
	const uint8_t *p = t->data + t->taken;
	size_t left = t->len - t->taken;
	if (left < 4)
		return false;
	if (!starts_message(p, left)) { /* not IPFIX after all, or out of step */
		stream_lose(s, t);
		return false;
	}
	size_t need = (size_t)(p[2] << 8 | p[3]);
	if (left < need)
		return false;
	t->taken += need;
	uint32_t place = 0;
	while (s->slot[place] != t)
		place++;
	*ret = (struct stream_message){ t->number, place, p, need };
	return true;
}
