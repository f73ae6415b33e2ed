/* SPDX-License-Identifier: Apache-2.0
 * All records that a query finds, page by page: each exactly once, as they were
 * when the first page was asked for. */
#include "importer/query/pages.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "importer/client/es.h"
#include "importer/core/json.h"
#include "importer/core/memory.h"
#include "importer/core/print.h"
#include "importer/query/context.h"
#include "importer/query/hits.h"
#include "importer/query/pages_ahead.h"
#include "importer/query/search.h"

/* Ids of one key that are remembered, so that they are not handed out again. */
#define PAGES_SAME_MAX 500000
#define PAGES_LOST_MAX 3 /* times in a row without a record in between */

struct pages {
	struct search_context context;
	const struct query *query;
	const struct pages_wish *wish;
	json_t *after; /* sort values of the last record of what is held, or NULL */
	json_t *key;   /* the first of them, or NULL before the first record */
	json_t *same;  /* object: the ids of the records of that key */
	uint64_t done, total;
	bool total_is_least, counted, ended;
	bool again;    /* records of `key` may come that were handed out */
	unsigned lost; /* in a row */
	struct ahead *ahead;
	uint64_t fitting; /* how many records of a page are not too much */
	uint64_t size;    /* of the page that was asked for last */
	struct hits hits;
	struct pages_record record[PAGES_SIZE]; /* in `hits` */
	size_t n;
};

static json_t *pages_sort(const struct pages *p)
{
	const char *order = p->wish->ascending ? "asc" : "desc";
	json_t *list = json_pack("[{s:{s:s,s:s,s:s}}]", p->wish->sort, "order", order, "missing",
				 "_last", "unmapped_type", "long");
	if (p->context.way != CONTEXT_SCROLL)
		json_array_append_new(list, json_pack("{s:s}", "_shard_doc", "asc"));
	return list;
}

/* After a loss: from the last key on, that one included. */
static json_t *pages_query(const struct pages *p)
{
	json_t *query = query_clause(p->query);
	if (!p->key)
		return query;
	json_t *without =
	    json_pack("{s:{s:[{s:{s:s}}]}}", "bool", "must_not", "exists", "field", p->wish->sort);
	json_t *rest = without; /* records without the field come last */
	if (!json_is_null(p->key)) {
		json_t *range = json_pack("{s:{s:{s:O}}}", "range", p->wish->sort,
					  p->wish->ascending ? "gte" : "lte", p->key);
		if (strcmp(p->wish->sort, "@timestamp") == 0)
			json_object_set_new(
			    json_object_get(json_object_get(range, "range"), p->wish->sort),
			    "format", json_string("epoch_millis"));
		rest = json_pack("{s:{s:[o,o],s:i}}", "bool", "should", range, without,
				 "minimum_should_match", 1);
	}
	return json_pack("{s:{s:[o,o]}}", "bool", "filter", query, rest);
}

static json_t *pages_body(struct pages *p)
{
	const uint64_t limit = p->wish->limit;
	p->size = p->fitting;
	/* what was handed out of the last key comes again after a loss */
	if (limit && limit - p->done < p->size && !p->again)
		p->size = limit - p->done;
	json_t *body = json_pack("{s:I,s:o,s:o}", "size", (json_int_t)p->size, "query",
				 pages_query(p), "sort", pages_sort(p));
	if (p->counted && p->context.way != CONTEXT_SCROLL) /* which has to count */
		json_object_set_new(body, "track_total_hits", json_false());
	else if (p->wish->count)
		json_object_set_new(body, "track_total_hits", json_true());
	if (p->wish->fields)
		json_object_set_new(body, "_source", json_deep_copy(p->wish->fields));
	context_enter(&p->context, body);
	if (p->after && p->context.way != CONTEXT_SCROLL)
		json_object_set(body, "search_after", p->after);
	return body;
}

static int pages_hold(struct pages *p, struct err *err)
{
	const int held = context_open(&p->context, err);
	p->ended = held == 0;
	return held < 0 ? -1 : 0;
}

int pages_open(struct app *app, struct es *es, const struct query *q, const struct pages_wish *wish,
	       struct pages **ret_pages, struct err *err)
{
	CLEANUP_PAGES struct pages *p = calloc(1, sizeof(*p));
	if (!p)
		memory_out();
	p->query = q;
	p->wish = wish;
	p->fitting = PAGES_SIZE;
	p->same = json_object();
	hits_init(&p->hits);
	p->ahead = ahead_new(es);
	es_ceiling(es, PAGES_BYTES_MAX);
	if (context_init(&p->context, es, query_pattern(app), err) || pages_hold(p, err))
		return -1;
	*ret_pages = steal_ptr(p);
	return 0;
}

/* Sends the search for the next page. */
static int pages_send(struct pages *p, struct err *err)
{
	const bool goes_on = p->context.way == CONTEXT_SCROLL && p->context.id;
	CLEANUP_JSON json_t *body = goes_on ? context_scroll(&p->context) : pages_body(p);
	CLEANUP_FREE char *path = context_path(&p->context);
	return ahead_send(p->ahead, path, body, err);
}

/* A reply that is too long: fewer records, if that can be asked for. */
static int pages_shrink(struct pages *p, struct err *err)
{
	if (!es_too_long(p->context.es))
		return -1;
	if (p->context.way == CONTEXT_SCROLL || p->size == 1)
		return err_wrap(err, "a page of %llu records", (unsigned long long)p->size);
	p->fitting = p->size / PAGES_SHRINK;
	if (!p->fitting)
		p->fitting = 1;
	return pages_send(p, err);
}

/* The text of the next reply, which is the caller's, and its status. */
static int pages_take(struct pages *p, long *ret_status, char **ret_text, size_t *ret_len,
		      struct err *err)
{
	if (!ahead_is_out(p->ahead) && pages_send(p, err))
		return -1;
	while (ahead_take(p->ahead, ret_status, ret_text, ret_len, err)) {
		if (pages_shrink(p, err))
			return -1;
		*err = ERR_NONE;
	}
	return 0;
}

/* The reply but for its documents, which are in p->hits. What an error says need not be JSON. */
static int pages_read(struct pages *p, long status, const char *text, size_t len,
		      json_t **ret_reply, struct err *err)
{
	const char *url = es_url(p->context.es);
	json_error_t why;
	if (status >= 300) {
		*ret_reply = json_loadb(text, len, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
		return 0;
	}
	if (hits_cut(&p->hits, text, len, err))
		return err_wrap(err, "%s: the reply to a search", url);
	CLEANUP_JSON json_t *reply = json_loadb(p->hits.rest.data, p->hits.rest.len,
						JSON_ALLOW_NUL | JSON_REJECT_DUPLICATES, &why);
	if (!reply)
		return err_set(err, EF_FAILED, "%s: the reply to a search: %s", url, why.text);
	if (!json_is_array(json_at(reply, "hits.hits")))
		return err_set(err, EF_FAILED,
			       "%s answers a search with something that is no reply to it%s%s", url,
			       json_at(reply, "error") ? ": " : "",
			       json_text_at(reply, "error.reason", ""));
	*ret_reply = steal_ptr(reply);
	return 0;
}

/* 1: it answered; 0: there is no such index; -2: what was held fast is gone. */
static int pages_ask(struct pages *p, json_t **ret_reply, struct err *err)
{
	CLEANUP_JSON json_t *reply = NULL;
	CLEANUP_FREE char *text = NULL;
	size_t len = 0;
	long status = 0;
	const bool held = p->context.id != NULL;
	if (pages_take(p, &status, &text, &len, err) ||
	    pages_read(p, status, text, len, &reply, err))
		return -1;
	const json_t *failed = json_array_get(json_at(reply, "_shards.failures"), 0);
	if (status == 404 && !held)
		return 0;
	if (status == 404 || strstr(json_text_at(failed, "reason.type", ""), "context_missing"))
		return -2;
	if (status >= 300)
		return es_fail(p->context.es, "POST",
			       p->context.way == CONTEXT_SCROLL ? "/_search/scroll" : "/_search",
			       status, reply, err);
	if (search_whole(reply, err) || context_take(&p->context, reply, err))
		return -1;
	*ret_reply = steal_ptr(reply);
	return 1;
}

/* What was held fast is gone: anew, from the last key on. */
static int pages_renew(struct pages *p, struct err *err)
{
	CLEANUP_FREE char *key = p->key ? json_dumps(p->key, JSON_ENCODE_ANY) : NULL;
	if (++p->lost > PAGES_LOST_MAX)
		return err_set(err, EF_FAILED,
			       "the cluster forgot the search %d times without a record in "
			       "between",
			       PAGES_LOST_MAX);
	if (json_object_size(p->same) >= PAGES_SAME_MAX)
		return err_set(err, EF_FAILED,
			       "the cluster forgot the search, and more than %d records have the "
			       "same %s: it cannot go on",
			       PAGES_SAME_MAX, p->wish->sort);
	print_plain(stderr,
		    "the cluster has forgotten this search after %llu records; going on with %s "
		    "%s, in what there is now\n",
		    (unsigned long long)p->done, p->wish->sort, key ? key : "from the beginning");
	context_lost(&p->context);
	json_decref(p->after);
	p->after = NULL;
	p->again = true;
	return pages_hold(p, err);
}

/* Whether the record was handed out before; notes that it is now. */
static bool pages_seen(struct pages *p, const json_t *hit, const json_t *key)
{
	CLEANUP_FREE char *name = NULL;
	if (!p->key || !json_equal(p->key, key)) {
		json_decref(p->key);
		p->key = json_deep_copy(key);
		json_object_clear(p->same);
		p->again = false;
	}
	if (asprintf(&name, "%s/%s", json_text_at(hit, "_index", ""),
		     json_text_at(hit, "_id", "")) < 0)
		memory_out();
	if (p->again && json_object_get(p->same, name))
		return true;
	if (json_object_size(p->same) < PAGES_SAME_MAX)
		json_object_set_new(p->same, name, json_true());
	return false;
}

static void pages_note_total(struct pages *p, const json_t *reply)
{
	if (p->counted)
		return;
	p->total = (uint64_t)json_int_at(reply, "hits.total.value");
	p->total_is_least = strcmp(json_text_at(reply, "hits.total.relation", "eq"), "eq") != 0;
	p->counted = true;
}

/* How many of such records as these make a page of PAGES_BYTES. */
static void pages_fit(struct pages *p)
{
	const size_t a_record = p->hits.n ? p->hits.text.len / p->hits.n + 1 : 1;
	p->fitting = PAGES_BYTES / a_record;
	if (p->fitting > PAGES_SIZE)
		p->fitting = PAGES_SIZE;
	else if (!p->fitting)
		p->fitting = 1;
}

/* The hits of a reply that are new. hits_cut() numbered their documents. */
static int pages_new_hits(struct pages *p, const json_t *hits, struct err *err)
{
	const json_t *sort = NULL, *hit;
	size_t i;
	p->n = 0;
	json_array_foreach (hits, i, hit) {
		const json_t *number = json_object_get(hit, "_source");
		if (!json_is_integer(number) || json_integer_value(number) != (json_int_t)i)
			return err_set(err, EF_FAILED,
				       "%s: a record of %s comes without its document: is "
				       "_source off in its mapping?",
				       es_url(p->context.es), json_text_at(hit, "_index", "?"));
		if (i == p->size)
			return err_set(err, EF_FAILED, "%s: more than the %llu records asked for",
				       es_url(p->context.es), (unsigned long long)p->size);
		sort = json_object_get(hit, "sort");
		if (pages_seen(p, hit, json_array_get(sort, 0)))
			continue;
		struct pages_record *record = &p->record[p->n++];
		record->json = hits_text(&p->hits, i, &record->len);
		if (++p->done == p->wish->limit)
			break;
	}
	if (sort) {
		json_decref(p->after);
		p->after = json_deep_copy(sort);
	}
	p->ended = !sort || (p->wish->limit && p->done >= p->wish->limit);
	if (p->n)
		p->lost = 0;
	return 0;
}

int pages_next(struct pages *p, const struct pages_record **ret_records, size_t *ret_n,
	       struct err *err)
{
	while (!p->ended) {
		CLEANUP_JSON json_t *reply = NULL;
		const int answered = pages_ask(p, &reply, err);
		if (answered == -1)
			return query_refused(p->query, err);
		if (answered == 0)
			return 0;
		if (answered == -2) {
			if (pages_renew(p, err))
				return -1;
			continue;
		}
		pages_note_total(p, reply);
		if (pages_new_hits(p, json_at(reply, "hits.hits"), err))
			return -1;
		pages_fit(p);
		/* the engine looks for the next page while this one is written */
		if (!p->ended && pages_send(p, err))
			return -1;
		if (p->n) {
			*ret_records = p->record;
			*ret_n = p->n;
			return 1;
		}
	}
	return 0;
}

uint64_t pages_total(const struct pages *p, bool *ret_more)
{
	*ret_more = p->total_is_least;
	return p->total;
}

void pages_close(struct pages *p)
{
	if (!p)
		return;
	ahead_free(p->ahead); /* it has the connection */
	context_release(&p->context);
	json_decref(p->after);
	json_decref(p->key);
	json_decref(p->same);
	hits_release(&p->hits);
	free(p);
}
