/* SPDX-License-Identifier: Apache-2.0
 * The `_bulk` request: action rows before each line, and what the reply says of each item. */
#include "forwarder/ship/bulk.h"

#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/names.h"

static const char *const streams[LINE_KINDS] = {
	[LINE_FLOW] = "logs-flow",
	[LINE_COUNTERS] = "metrics-flow.counters",
	[LINE_EXPORTER] = "metrics-flow.exporters",
};

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
		int before =
		    snprintf(h->text, sizeof(h->text), "{\"create\":{\"_index\":\"%s-%s\"%s",
			     NAME(prefix, streams[kind]), ns, ids ? ",\"_id\":\"" : "");
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

/* Without errors the items need no reading, and reading 5,000 of them would cost more than decoding
 * them did. The member comes before the items in every version. */
static bool says_no_errors(const char *reply, size_t len)
{
	static const char text[] = "\"errors\":false";
	size_t head = len < 200 ? len : 200;
	const char *items = memmem(reply, head, "\"items\"", 7);
	const char *found =
	    memmem(reply, items ? (size_t)(items - reply) : head, text, strlen(text));
	return found && len > 1 && reply[0] == '{' && memrchr(reply, '}', len);
}

static enum verdict judge_error(int status, const char *type)
{
	/* a block (disk watermark, read-only) is 403 or 429, by version */
	if (strcmp(type, "cluster_block_exception") == 0)
		return VERDICT_RETRY;
	switch (status) {
	case 409:
		return VERDICT_DUPLICATE;
	case 408:
	case 429:
	case 502:
	case 503:
	case 504:
		return VERDICT_RETRY;
	case 401:
	case 403:
	case 404:
		return VERDICT_DENIED;
	default:
		return status >= 500 ? VERDICT_FAULT : VERDICT_REJECTED;
	}
}

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));
	return text ? text : "";
}

struct bulk_outcome bulk_outcome(const struct bulk_verdicts *v, uint32_t item)
{
	struct bulk_outcome o = { VERDICT_STORED, 201, "", "" };
	if (!v->list)
		return o;
	json_t *action = json_array_get(v->list, item);
	const json_t *result = json_object_iter_value(json_object_iter(action));
	const json_t *error = json_object_get(result, "error");
	o.status = (int)json_integer_value(json_object_get(result, "status"));
	if (o.status >= 200 && o.status < 300)
		return o;
	o.type = text_of(error, "type");
	o.reason = text_of(error, "reason");
	/* "failed to parse" alone helps nobody: the innermost cause names the field */
	for (const json_t *cause = json_object_get(error, "caused_by"); cause;
	     cause = json_object_get(cause, "caused_by"))
		if (*text_of(cause, "reason"))
			o.reason = text_of(cause, "reason");
	o.verdict = judge_error(o.status, o.type);
	return o;
}

int bulk_judge(const char *reply, size_t len, uint32_t items, struct bulk_verdicts *ret_v,
	       struct err *err)
{
	struct bulk_verdicts v = { .items = items };
	if (says_no_errors(reply, len)) {
		v.count[VERDICT_STORED] = items;
		*ret_v = v;
		return 0;
	}
	json_error_t where;
	CLEANUP_JSON json_t *root = json_loadb(reply, len, 0, &where);
	json_t *list = json_object_get(root, "items");
	if (!json_is_boolean(json_object_get(root, "errors")) || !json_is_array(list))
		return err_set(err, EF_FAILED, "the reply to _bulk is no bulk reply: %.*s",
			       len < 80 ? (int)len : 80, len ? reply : "");
	if (json_array_size(list) != items)
		return err_set(err, EF_FAILED, "the reply to _bulk has %zu items for %u documents",
			       json_array_size(list), items);
	v.list = list;
	for (uint32_t i = 0; i < items; i++)
		v.count[bulk_outcome(&v, i).verdict]++;
	json_incref(list);
	*ret_v = v;
	return 0;
}

void bulk_verdicts_release(struct bulk_verdicts *v)
{
	json_decref(v->list);
	v->list = NULL;
}
