/* SPDX-License-Identifier: Apache-2.0
 * The endpoints of one cluster: taken in turn, left alone for a while after a failure, tried by one
 * sender first. */
#include "forwarder/ship/endpoint.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "common/hash.h"

struct endpoint {
	char url[ENDPOINT_URL_MAX];
	uint64_t not_before_ms;
	uint32_t failures; /* in a row */
	uint32_t passed;   /* requests that it took */
	bool heard;        /* answered since the start or the last failure */
	bool away;
	bool refusing; /* it refused a document alone, and has taken nothing since */
};

struct endpoints {
	pthread_mutex_t lock;
	int n;
	int turn;
	int base;         /* number of the first one; grows with every list */
	uint32_t witness; /* of number 0; another one after each start (parcel.h) */
	struct endpoint list[ENDPOINTS_MAX];
};

uint64_t backoff_ms(uint32_t n)
{
	uint64_t pause = BACKOFF_MAX_MS;
	if (n < 16 && ((uint64_t)BACKOFF_MIN_MS << n) < BACKOFF_MAX_MS)
		pause = (uint64_t)BACKOFF_MIN_MS << n;
	uint32_t dice = 0;
	if (getrandom(&dice, sizeof(dice), GRND_NONBLOCK) < 0)
		dice = 0;
	return pause / 2 + dice % (pause / 2 + 1);
}

static int take_list(struct endpoints *e, const struct strlist *urls, struct err *err)
{
	if (urls->n > ENDPOINTS_MAX)
		return err_set(err, EF_USAGE, "elasticsearch.url: more than %d endpoints",
			       ENDPOINTS_MAX);
	for (size_t i = 0; i < urls->n; i++)
		if (strlen(urls->item[i]) >= ENDPOINT_URL_MAX / 2)
			return err_set(err, EF_USAGE, "elasticsearch.url: '%.60s…' is too long",
				       urls->item[i]);
	memset(e->list, 0, sizeof(e->list));
	for (size_t i = 0; i < urls->n; i++)
		snprintf(e->list[i].url, sizeof(e->list[i].url), "%s", urls->item[i]);
	e->base = (e->base + e->n) % (1 << 30);
	e->n = (int)urls->n;
	e->turn = 0;
	return 0;
}

struct endpoints *endpoints_new(const struct strlist *urls, struct err *err)
{
	struct endpoints *e = calloc(1, sizeof(*e));
	if (!e) {
		err_set(err, EF_FAILED, "out of memory");
		return NULL;
	}
	pthread_mutex_init(&e->lock, NULL);
	e->witness = (uint32_t)hash_seed();
	if (take_list(e, urls, err) == 0)
		return e;
	endpoints_free(e);
	return NULL;
}

void endpoints_free(struct endpoints *e)
{
	if (!e)
		return;
	pthread_mutex_destroy(&e->lock);
	free(e);
}

int endpoints_replace(struct endpoints *e, const struct strlist *urls, struct err *err)
{
	pthread_mutex_lock(&e->lock);
	int result = take_list(e, urls, err);
	pthread_mutex_unlock(&e->lock);
	return result;
}

/* NULL: it was replaced meanwhile. */
static struct endpoint *endpoint_find(struct endpoints *e, int number)
{
	int at = number - e->base;
	return at >= 0 && at < e->n ? &e->list[at] : NULL;
}

int endpoints_pick(struct endpoints *e, uint64_t now_ms, char ret_url[ENDPOINT_URL_MAX],
		   bool *ret_fresh, uint64_t *ret_wait_ms)
{
	int found = -1;
	uint64_t soonest = UINT64_MAX;
	pthread_mutex_lock(&e->lock);
	for (int i = 0; i < e->n && found < 0; i++) {
		int at = (e->turn + i) % e->n;
		if (e->list[at].not_before_ms <= now_ms)
			found = at;
		else if (e->list[at].not_before_ms < soonest)
			soonest = e->list[at].not_before_ms;
	}
	if (found >= 0) {
		struct endpoint *p = &e->list[found];
		e->turn = (found + 1) % e->n;
		memcpy(ret_url, p->url, sizeof(p->url));
		*ret_fresh = !p->heard;
		/* after a failure one sender finds out; the others wait for what it learns */
		if (p->failures)
			p->not_before_ms = now_ms + BACKOFF_MIN_MS;
	} else {
		*ret_wait_ms = soonest - now_ms;
	}
	int number = found < 0 ? -1 : e->base + found;
	pthread_mutex_unlock(&e->lock);
	return number;
}

void endpoints_worked(struct endpoints *e, int number)
{
	pthread_mutex_lock(&e->lock);
	struct endpoint *p = endpoint_find(e, number);
	if (p) {
		p->heard = true;
		p->away = false;
		p->failures = 0;
		p->not_before_ms = 0;
	}
	pthread_mutex_unlock(&e->lock);
}

void endpoints_passed(struct endpoints *e, int number)
{
	endpoints_worked(e, number);
	pthread_mutex_lock(&e->lock);
	struct endpoint *p = endpoint_find(e, number);
	if (p) {
		p->passed++;
		p->refusing = false;
	}
	pthread_mutex_unlock(&e->lock);
}

enum refusal endpoints_refused(struct endpoints *e, int number, uint32_t items, struct refusals *r)
{
	enum refusal answer = REFUSAL_ALL;
	pthread_mutex_lock(&e->lock);
	struct endpoint *p = endpoint_find(e, number);
	if (p && items > 1)
		answer = p->refusing ? REFUSAL_ALL : REFUSAL_LOOK;
	else if (p && refusals_add(r, WITNESS_ENDPOINT(e->witness + (uint32_t)number), p->passed))
		answer = REFUSAL_DOCUMENT;
	if (p && answer == REFUSAL_ALL)
		p->refusing = true;
	pthread_mutex_unlock(&e->lock);
	return answer;
}

uint64_t endpoints_failed(struct endpoints *e, int number, uint64_t now_ms, int64_t retry_after_ms,
			  bool away)
{
	pthread_mutex_lock(&e->lock);
	struct endpoint *p = endpoint_find(e, number);
	uint64_t pause = backoff_ms(p ? p->failures : 0);
	if (!away && pause > BUSY_MAX_MS)
		pause = BUSY_MAX_MS;
	if (retry_after_ms > RETRY_AFTER_MAX_MS)
		retry_after_ms = RETRY_AFTER_MAX_MS;
	if (retry_after_ms > (int64_t)pause)
		pause = (uint64_t)retry_after_ms;
	if (p) {
		p->failures++;
		p->heard = p->heard && !away;
		p->away = away;
		p->not_before_ms = now_ms + pause;
	}
	pthread_mutex_unlock(&e->lock);
	return pause;
}

bool endpoints_all_away(struct endpoints *e)
{
	bool all = true;
	pthread_mutex_lock(&e->lock);
	for (int i = 0; i < e->n; i++)
		all = all && e->list[i].away;
	pthread_mutex_unlock(&e->lock);
	return all;
}

uint32_t endpoints_count(struct endpoints *e, uint32_t *ret_up)
{
	uint32_t up = 0;
	pthread_mutex_lock(&e->lock);
	for (int i = 0; i < e->n; i++)
		up += !e->list[i].away;
	uint32_t n = (uint32_t)e->n;
	pthread_mutex_unlock(&e->lock);
	*ret_up = up;
	return n;
}
