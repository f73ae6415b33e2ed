/* SPDX-License-Identifier: Apache-2.0
 * The `_bulk` request: action rows before each line, and what the reply says of each item. */
#include "forwarder/ship/bulk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/names.h"

static const char *const streams[BULK_STREAMS] = {
	[LINE_FLOW] = "logs-flow",
	[LINE_COUNTERS] = "metrics-flow.counters",
	[LINE_EXPORTER] = "metrics-flow.exporters",
	[BULK_FAILED] = "logs-flow.failed",
};

static const char *const pipelines[BULK_STREAMS] = {
	[LINE_FLOW] = "flow",
	[LINE_COUNTERS] = "flow-counters",
	[LINE_EXPORTER] = "flow-exporters",
};

const char *bulk_pipeline(int stream)
{
	return pipelines[stream];
}

void bulk_stream(int stream, const char *prefix, const char *ns, char ret_name[BULK_STREAM_MAX])
{
	snprintf(ret_name, BULK_STREAM_MAX, "%s-%s", NAME(prefix, streams[stream]), ns);
}

int bulk_heads(const char *prefix, const char *ns, bool ids, struct line_head ret_heads[LINE_KINDS],
	       struct err *err)
{
	if (strlen(ns) + strlen(NAME(prefix, "")) > BULK_NAMESPACE_MAX)
		return err_set(err, EF_USAGE,
			       "elasticsearch.namespace: '%s', with the prefix, is longer than %d "
			       "characters",
			       ns, BULK_NAMESPACE_MAX);
	for (int kind = 0; kind < LINE_KINDS; kind++) {
		struct line_head *h = &ret_heads[kind];
		char stream[BULK_STREAM_MAX];
		bulk_stream(kind, prefix, ns, stream);
		int before = snprintf(h->text, sizeof(h->text), BULK_ROW "%s\"%s", stream,
				      ids ? ",\"_id\":\"" : "");
		int len = snprintf(h->text + before, sizeof(h->text) - (size_t)before, "%*s%s}}\n",
				   ids ? SINK_ID_LEN : 0, "", ids ? "\"" : "");
		h->id_at = (int16_t)(ids ? before : -1);
		h->len = (uint16_t)(before + len);
	}
	return 0;
}

bool bulk_next(const char **at, const char *end, struct bulk_item *ret_item)
{
	const char *row = *at;
	const char *row_end = row < end ? memchr(row, '\n', (size_t)(end - row)) : NULL;
	if (!row_end)
		return false;
	const char *line = row_end + 1;
	const char *line_end = line < end ? memchr(line, '\n', (size_t)(end - line)) : NULL;
	if (!line_end)
		return false;
	*ret_item =
	    (struct bulk_item){ row, (size_t)(row_end - row), line, (size_t)(line_end - line) };
	*at = line_end + 1;
	return true;
}

/* ---- verdicts ---- */

/* A reply with nothing in it but documents that were stored (201) or discarded by a pipeline (200),
 * as BULK_PATH asks for it, is read as text: a tree of 5,000 items would cost more than decoding
 * them did. It may have been made by anybody, so nothing of it is taken for granted. */
#define PLAIN_HEAD  "{\"errors\":false,\"items\":["
#define PLAIN_ITEM  "{\"create\":{\"status\":20"
#define PLAIN_ROOM  (sizeof(PLAIN_ITEM) - 1 + 4) /* its last digit, two braces, and what follows */
#define PLAIN_FRAME (sizeof(PLAIN_HEAD) - 1 + 1) /* the last item is followed by two characters */

/* False: it is another reply, or something else is in it. */
static bool read_plain(const char *reply, size_t len, uint32_t items, uint32_t *ret_discarded)
{
	const size_t before = sizeof(PLAIN_ITEM) - 1;
	uint32_t discarded = 0;
	if (!items || len != PLAIN_FRAME + items * PLAIN_ROOM ||
	    memcmp(reply, PLAIN_HEAD, sizeof(PLAIN_HEAD) - 1) != 0)
		return false;
	const char *at = reply + sizeof(PLAIN_HEAD) - 1;
	for (uint32_t i = 0; i < items; i++, at += PLAIN_ROOM) {
		const char digit = at[before];
		if (memcmp(at, PLAIN_ITEM, sizeof(PLAIN_ITEM) - 1) != 0 ||
		    (digit != '0' && digit != '1') ||
		    memcmp(at + before + 1, i + 1 < items ? "}}," : "}}]", 3) != 0)
			return false;
		discarded += digit == '0';
	}
	*ret_discarded = discarded;
	return reply[len - 1] == '}';
}

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));
	return text ? text : "";
}

/* What the reply says of an item; NULL: nothing, or of another action than ours. */
static json_t *result_of(const json_t *list, uint32_t item)
{
	return json_object_get(json_array_get(list, item), "create");
}

static bool store_failed(const json_t *list, uint32_t item)
{
	return strcmp(text_of(result_of(list, item), "failure_store"), "failed") == 0;
}

/* Of an item without error. What is created has 201; one that a pipeline dropped is a "noop". */
static enum verdict verdict_of_success(const json_t *result, int status)
{
	if (strcmp(text_of(result, "failure_store"), "used") == 0)
		return VERDICT_ASIDE;
	return status == 200 ? VERDICT_DISCARDED : VERDICT_STORED;
}

struct bulk_outcome bulk_outcome(const struct bulk_verdicts *v, uint32_t item)
{
	struct bulk_outcome o = { VERDICT_STORED, 201, "", "" };
	if (!v->list)
		return o;
	if (item >= json_array_size(v->list))
		return (struct bulk_outcome){ VERDICT_UNHEARD, 0, "reply",
					      "the reply broke off before this item" };
	const json_t *result = result_of(v->list, item);
	const json_t *error = json_object_get(result, "error");
	bool failed = error && !json_is_null(error);
	if (!failed && !json_is_integer(json_object_get(result, "status")))
		return (struct bulk_outcome){ VERDICT_UNHEARD, 0, "reply",
					      "the reply does not say what became of this item" };
	o.status = (int)json_integer_value(json_object_get(result, "status"));
	if (o.status >= 200 && o.status < 300 && !failed) {
		o.verdict = verdict_of_success(result, o.status);
		return o;
	}
	o.type = text_of(error, "type");
	o.reason = text_of(error, "reason");
	/* "failed to parse" alone helps nobody: the innermost cause names the field */
	for (const json_t *cause = json_object_get(error, "caused_by"); cause;
	     cause = json_object_get(cause, "caused_by"))
		if (*text_of(cause, "reason"))
			o.reason = text_of(cause, "reason");
	o.verdict = verdict_of(o.status, o.type, o.reason);
	return o;
}

/* ---- replies that no strict reader takes ---- */

/* Escapes of surrogates become one of U+FFFD, and other characters than ASCII '?'. */
static char *without_foreign(const char *reply, size_t len)
{
	char *text = malloc(len + 1);
	if (!text)
		return NULL;
	for (size_t i = 0; i < len; i++)
		text[i] = (unsigned char)reply[i] < 0x80 ? reply[i] : '?';
	text[len] = '\0';
	for (size_t i = 0; i + 5 < len; i++) {
		if (text[i] != '\\')
			continue;
		if (text[i + 1] == 'u' && (text[i + 2] | 0x20) == 'd' &&
		    memchr("89abcdefABCDEF", text[i + 3], 14))
			memcpy(text + i + 2, "fffd", 4);
		i++; /* what is escaped is no backslash of its own */
	}
	return text;
}

/* The items of a reply that breaks off, as far as they are whole; NULL: there are none. */
static json_t *whole_items(const char *text, size_t len)
{
	static const char start[] = "\"items\":[";
	const char *at = memmem(text, len, start, strlen(start)), *end = text + len;
	json_t *list = at ? json_array() : NULL;
	for (at = at ? at + strlen(start) : end; at < end; at++) {
		json_error_t stopped;
		json_t *item = json_loadb(at, (size_t)(end - at),
					  JSON_DISABLE_EOF_CHECK | JSON_ALLOW_NUL, &stopped);
		if (!item || json_array_append_new(list, item))
			break;
		at += stopped.position;
		if (at >= end || *at != ',')
			break;
	}
	if (json_array_size(list))
		return list;
	json_decref(list);
	return NULL;
}

/* The items of a whole reply; NULL: it is no bulk reply. Something in between may leave them out,
 * so without errors they may be wanting, and the list is empty then; what is there counts. */
static json_t *items_of(json_t *root)
{
	json_t *list = json_object_get(root, "items"), *errors = json_object_get(root, "errors");
	if (!list && json_is_false(errors))
		return json_array();
	return json_is_boolean(errors) && json_is_array(list) ? json_incref(list) : NULL;
}

/* What a strict reader did not take. *ret_cut: it breaks off. */
static json_t *read_again(const char *reply, size_t len, bool *ret_cut)
{
	char *text = without_foreign(reply, len);
	json_t *root = text ? json_loadb(text, len, JSON_ALLOW_NUL, NULL) : NULL;
	*ret_cut = !root && reply[0] == '{';
	json_t *list = root ? items_of(root) : text && *ret_cut ? whole_items(text, len) : NULL;
	json_decref(root);
	free(text);
	return list;
}

static json_t *read_items(const char *reply, size_t len, bool *ret_cut)
{
	json_t *root = json_loadb(len ? reply : "", len, JSON_ALLOW_NUL, NULL);
	if (!root && len && memmem(reply, len, "\"items\"", 7))
		return read_again(reply, len, ret_cut);
	json_t *list = items_of(root);
	json_decref(root);
	return list;
}

/* Whether a reply that has no item says of all of them that they were stored. */
static bool says_no_errors(const char *reply, size_t len)
{
	static const char text[] = "\"errors\":false";
	return memmem(reply, len, text, strlen(text));
}

int bulk_judge(const char *reply, size_t len, uint32_t items, bool whole,
	       struct bulk_verdicts *ret_v, bool *ret_cut, struct err *err)
{
	struct bulk_verdicts v = { .items = items };
	uint32_t discarded = 0;
	*ret_cut = false;
	if (!whole && read_plain(reply, len, items, &discarded)) {
		v.count[VERDICT_STORED] = items - discarded;
		v.count[VERDICT_DISCARDED] = discarded;
		*ret_v = v;
		return 0;
	}
	CLEANUP_JSON json_t *list = read_items(reply, len, ret_cut);
	size_t n = json_array_size(list);
	if (list && !n && says_no_errors(reply, len)) { /* it tells no more than that */
		v.count[VERDICT_STORED] = items;
		*ret_v = v;
		return 0;
	}
	if (!list)
		return err_set(err, EF_FAILED, "the reply to _bulk is no bulk reply: %.*s",
			       len < 80 ? (int)len : 80, len ? reply : "");
	if (*ret_cut ? n > items : n != items)
		return err_set(err, EF_FAILED, "the reply to _bulk has %zu items for %u documents",
			       n, items);
	v.list = list;
	for (uint32_t i = 0; i < items; i++) {
		v.count[bulk_outcome(&v, i).verdict]++;
		v.store_failed += store_failed(list, i);
	}
	json_incref(list);
	*ret_v = v;
	return 0;
}

void bulk_verdicts_release(struct bulk_verdicts *v)
{
	json_decref(v->list);
	v->list = NULL;
}

/* ---- proof of effect ---- */

bool bulk_place(const struct bulk_verdicts *v, uint32_t item, struct bulk_place *ret_place)
{
	const json_t *result = result_of(v->list, item);
	const struct bulk_outcome o = bulk_outcome(v, item);
	if (!result || o.verdict != VERDICT_STORED || o.status != 201)
		return false;
	const json_t *ran = json_object_get(result, "executed_pipelines");
	*ret_place =
	    (struct bulk_place){ text_of(result, "_index"), json_is_array(ran) ? ran : NULL };
	return true;
}

void bulk_refuse(struct bulk_verdicts *v, uint32_t item, const char *why)
{
	json_t *result = result_of(v->list, item);
	enum verdict before = bulk_outcome(v, item).verdict;
	json_t *error = json_pack("{s:s,s:s}", "type", BULK_NO_EFFECT, "reason", why);
	if (!error || json_object_set_new(result, "error", error))
		return;
	json_object_set_new(result, "status", json_integer(0));
	v->count[before]--;
	v->count[bulk_outcome(v, item).verdict]++;
}
