/* SPDX-License-Identifier: Apache-2.0
 * All records that a query finds, page by page: each exactly once, as they were
 * when the first page was asked for. */
#include "importer/query/pages.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "importer/client/es.h"
#include "importer/client/probe.h"
#include "importer/core/json.h"
#include "importer/core/memory.h"
#include "importer/core/print.h"
#include "importer/query/hits.h"
#include "importer/query/pages_ahead.h"

/* Ids of one key that are remembered, so that they are not handed out again. */
#define PAGES_SAME_MAX 1000000
#define PAGES_LOST_MAX 3 /* times in a row without a record in between */

enum pages_way { PAGES_PIT, PAGES_PIT_OPENSEARCH, PAGES_SCROLL };

struct pages {
	struct es *es;
	const struct query *query;
	const struct pages_wish *wish;
	char *pattern; /* of indices */
	enum pages_way way;
	char *id;      /* of the point in time or scroll; NULL: there is none */
	json_t *after; /* sort values of the last record of this point in time, or NULL */
	json_t *key;   /* the first of them, or NULL before the first record */
	json_t *same;  /* object: the ids of the records of that key */
	uint64_t done, total;
	bool total_is_least, counted, ended;
	bool again;    /* records of `key` may come that were handed out */
	unsigned lost; /* in a row */
	struct ahead *ahead;
	uint64_t size; /* of the page that was asked for last */
	struct hits hits;
	struct pages_record record[HITS_MAX]; /* in `hits`, or none of it */
	size_t n;
};

static json_t *pages_sort(const struct pages *p)
{
	const char *order = p->wish->ascending ? "asc" : "desc";
	json_t *list = json_pack("[{s:{s:s,s:s,s:s}}]", p->wish->sort, "order", order, "missing",
				 "_last", "unmapped_type", "long");
	if (p->way != PAGES_SCROLL)
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

/* `done`: how many records are handed out when it comes. */
static json_t *pages_body(struct pages *p, uint64_t done)
{
	p->size = PAGES_SIZE;
	/* what was handed out of the last key comes again after a loss */
	if (p->wish->limit && p->wish->limit - done < p->size && !p->again)
		p->size = p->wish->limit - done;
	json_t *body = json_pack("{s:I,s:o,s:o}", "size", (json_int_t)p->size, "query",
				 pages_query(p), "sort", pages_sort(p));
	if (p->counted && p->way != PAGES_SCROLL) /* which has to count */
		json_object_set_new(body, "track_total_hits", json_false());
	else if (p->wish->count)
		json_object_set_new(body, "track_total_hits", json_true());
	if (p->wish->fields)
		json_object_set_new(body, "_source", json_deep_copy(p->wish->fields));
	if (p->way == PAGES_SCROLL)
		return body;
	json_t *pit = json_pack("{s:s}", "id", p->id);
	json_object_set_new(pit, "keep_alive", json_string(PAGES_KEEP));
	json_object_set_new(body, "pit", pit);
	if (p->after)
		json_object_set(body, "search_after", p->after);
	return body;
}

static void pages_forget(struct pages *p)
{
	CLEANUP_JSON json_t *body = NULL;
	struct err none = ERR_NONE;
	long status;
	const char *path = "/_pit";
	if (!p->id)
		return;
	if (p->way == PAGES_PIT)
		body = json_pack("{s:s}", "id", p->id);
	else if (p->way == PAGES_PIT_OPENSEARCH)
		body = json_pack("{s:[s]}", "pit_id", p->id);
	else
		body = json_pack("{s:[s]}", "scroll_id", p->id);
	if (p->way == PAGES_PIT_OPENSEARCH)
		path = "/_search/point_in_time";
	else if (p->way == PAGES_SCROLL)
		path = "/_search/scroll";
	es_call(p->es, "DELETE", path, body, &status, NULL, &none); /* it ends by itself, too */
	free(p->id);
	p->id = NULL;
}

static int pages_id_take(struct pages *p, const json_t *reply, const char *member, struct err *err)
{
	const char *id = json_string_value(json_object_get(reply, member));
	if (!id)
		return err_set(err, EF_FAILED, "%s answered a search without its %s", es_url(p->es),
			       member);
	char *copy = strdup(id);
	if (!copy)
		memory_out();
	free(p->id);
	p->id = copy;
	return 0;
}

/* 0 and p->ended where there is no such index. */
static int pages_hold(struct pages *p, struct err *err)
{
	CLEANUP_FREE char *path = NULL;
	CLEANUP_JSON json_t *reply = NULL;
	long status = 0;
	if (p->way == PAGES_SCROLL)
		return 0; /* the first search does it */
	if (asprintf(&path, "/%s/%s?keep_alive=" PAGES_KEEP, p->pattern,
		     p->way == PAGES_PIT ? "_pit" : "_search/point_in_time") < 0)
		memory_out();
	if (es_call(p->es, "POST", path, NULL, &status, &reply, err))
		return -1;
	if (status == 404) {
		p->ended = true;
		return 0;
	}
	if (status >= 300)
		return es_fail(p->es, "POST", path, status, reply, err);
	return pages_id_take(p, reply, p->way == PAGES_PIT ? "id" : "pit_id", err);
}

static enum pages_way pages_way_of(const struct cluster *c)
{
	const int version = c->major * 100 + c->minor;
	if (c->distribution == OPENSEARCH)
		return version >= 303 ? PAGES_PIT_OPENSEARCH : PAGES_SCROLL;
	return version >= 712 ? PAGES_PIT : PAGES_SCROLL;
}

/* Who may not see the root may read records all the same: by the way that every engine has. */
static int pages_way_find(struct es *es, enum pages_way *ret_way, struct err *err)
{
	struct cluster cluster = { 0 };
	struct err none = ERR_NONE;
	long status = 0;
	if (cluster_identify(es, &cluster, err) == 0) {
		*ret_way = pages_way_of(&cluster);
		cluster_release(&cluster);
		return 0;
	}
	if (es_call(es, "GET", "/", NULL, &status, NULL, &none) || status != 403)
		return -1;
	*err = none;
	*ret_way = PAGES_SCROLL;
	return 0;
}

int pages_open(struct app *app, struct es *es, const struct query *q, const struct pages_wish *wish,
	       struct pages **ret_pages, struct err *err)
{
	CLEANUP_PAGES struct pages *p = calloc(1, sizeof(*p));
	if (!p)
		memory_out();
	if (pages_way_find(es, &p->way, err))
		return -1;
	p->es = es;
	p->query = q;
	p->wish = wish;
	p->same = json_object();
	hits_init(&p->hits);
	p->ahead = ahead_new(es);
	p->pattern = query_pattern(app);
	if (pages_hold(p, err))
		return -1;
	*ret_pages = steal_ptr(p);
	return 0;
}

static int pages_send(struct pages *p, uint64_t done, struct err *err)
{
	CLEANUP_JSON json_t *body = NULL;
	CLEANUP_FREE char *path = NULL;
	const bool goes_on = p->way == PAGES_SCROLL && p->id;
	if (goes_on)
		body = json_pack("{s:s,s:s}", "scroll", PAGES_KEEP, "scroll_id", p->id);
	else
		body = pages_body(p, done);
	if (goes_on || p->way != PAGES_SCROLL)
		path = strdup(goes_on ? "/_search/scroll" : "/_search");
	else if (asprintf(&path, "/%s/_search?scroll=" PAGES_KEEP, p->pattern) < 0)
		path = NULL;
	if (!path)
		memory_out();
	return ahead_send(p->ahead, path, body, err);
}

static const char *pages_id_member(const struct pages *p)
{
	return p->way == PAGES_SCROLL ? "_scroll_id" : "pit_id";
}

/* The search for the next page goes out before this one is read. Where a record may have been
 * handed out before, or the last one is in this page, it waits. */
static int pages_look_ahead(struct pages *p, const char *text, size_t len, struct err *err)
{
	const uint64_t done = p->done + p->size;
	CLEANUP_JSON json_t *sort = NULL;
	if (p->again || (p->wish->limit && done >= p->wish->limit))
		return 0;
	sort = ahead_last_sort(text, len);
	char *id = sort ? ahead_first_text(text, pages_id_member(p)) : NULL;
	if (!id)
		return 0;
	free(p->id);
	p->id = id;
	json_decref(p->after);
	p->after = steal_ptr(sort);
	return pages_send(p, done, err);
}

/* What a page is read from: its documents are in p->hits. What an error says need not be JSON. */
static int pages_read(struct pages *p, long status, const char *text, size_t len,
		      json_t **ret_reply, struct err *err)
{
	json_t *reply = NULL;
	if (status >= 300) {
		*ret_reply = json_loadb(text, len, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
		return 0;
	}
	if (hits_cut(&p->hits, text, len) == 0)
		reply = json_loadb(p->hits.rest.data, p->hits.rest.len, JSON_ALLOW_NUL, NULL);
	if (!json_is_array(json_at(reply, "hits.hits"))) {
		json_decref(reply);
		return err_set(err, EF_FAILED,
			       "%s answers a search with something that is no reply to it",
			       es_url(p->es));
	}
	*ret_reply = reply;
	return 0;
}

static int shards_fail(const json_t *reply, const json_t *first, struct err *err)
{
	return err_set(err, EF_FAILED, "%lld of %lld shards failed (%s)",
		       json_int_at(reply, "_shards.failed"), json_int_at(reply, "_shards.total"),
		       json_text_at(first, "reason.caused_by.reason",
				    json_text_at(first, "reason.reason", "?")));
}

/* 1: it answered; 0: there is no such index; -2: what was held fast is gone. */
static int pages_ask(struct pages *p, json_t **ret_reply, struct err *err)
{
	CLEANUP_JSON json_t *reply = NULL;
	CLEANUP_FREE char *text = NULL;
	size_t len = 0;
	long status = 0;
	if (!ahead_is_out(p->ahead) && pages_send(p, p->done, err))
		return -1;
	if (ahead_take(p->ahead, &status, &text, &len, err))
		return -1;
	const bool held = p->id != NULL;
	if (status == 200 && strstr(text, "\"failed\":0") && pages_look_ahead(p, text, len, err))
		return -1;
	if (pages_read(p, status, text, len, &reply, err))
		return -1;
	const json_t *failed = json_array_get(json_at(reply, "_shards.failures"), 0);
	if (status == 404 && !held)
		return 0;
	if (status == 404 || strstr(json_text_at(failed, "reason.type", ""), "context_missing"))
		return -2;
	if (status >= 300)
		return es_fail(p->es, "POST",
			       p->way == PAGES_SCROLL ? "/_search/scroll" : "/_search", status,
			       reply, err);
	if (json_int_at(reply, "_shards.failed"))
		return shards_fail(reply, failed, err);
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
		    "the cluster has forgotten this search after %llu records; going "
		    "on with %s "
		    "%s, in what there is now\n",
		    (unsigned long long)p->done, p->wish->sort, key ? key : "from the beginning");
	free(p->id);
	p->id = NULL;
	json_decref(p->after);
	p->after = NULL;
	p->again = true;
	return pages_hold(p, err);
}

/* Whether the record was handed out before; notes that it is now. */
static bool pages_seen(struct pages *p, const json_t *hit, const json_t *key)
{
	char name[600];
	if (!p->key || !json_equal(p->key, key)) {
		json_decref(p->key);
		p->key = json_deep_copy(key);
		json_object_clear(p->same);
		p->again = false;
	}
	snprintf(name, sizeof(name), "%s/%s", json_text_at(hit, "_index", ""),
		 json_text_at(hit, "_id", ""));
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

static struct pages_record pages_record_of(const struct pages *p, const json_t *hit)
{
	struct pages_record record = { .json = NULL };
	const json_t *number = json_object_get(hit, "_source");
	if (json_is_integer(number))
		record.json = hits_text(&p->hits, (size_t)json_integer_value(number), &record.len);
	if (!record.json)
		record = (struct pages_record){ "{}", 2 };
	return record;
}

/* The hits of a reply that are new. */
static void pages_new_hits(struct pages *p, const json_t *reply)
{
	const json_t *hits = json_at(reply, "hits.hits"), *sort = NULL, *hit;
	size_t i;
	p->n = 0;
	json_array_foreach (hits, i, hit) {
		sort = json_object_get(hit, "sort");
		if (p->n == HITS_MAX || (p->wish->limit && p->done == p->wish->limit))
			break;
		if (pages_seen(p, hit, json_array_get(sort, 0)))
			continue;
		p->record[p->n++] = pages_record_of(p, hit);
		p->done++;
	}
	if (sort && !(p->after && json_equal(p->after, sort))) {
		if (p->way != PAGES_SCROLL)
			ahead_drop(p->ahead); /* it asked for another place */
		json_decref(p->after);
		p->after = json_deep_copy(sort);
	}
	p->ended = json_array_size(hits) == 0 || (p->wish->limit && p->done >= p->wish->limit);
	if (p->n)
		p->lost = 0;
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
		if (json_object_get(reply, pages_id_member(p)) &&
		    pages_id_take(p, reply, pages_id_member(p), err))
			return -1;
		pages_new_hits(p, reply);
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
	if (p->es)
		pages_forget(p);
	json_decref(p->after);
	json_decref(p->key);
	json_decref(p->same);
	hits_release(&p->hits);
	free(p->pattern);
	free(p->id);
	free(p);
}
