/* SPDX-License-Identifier: Apache-2.0
 * What is remembered of a source beside its tables: when it was asked, how that went, and since
 * when it fails. */
#include "importer/inventory/inv_state.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "importer/core/files.h"
#include "importer/core/hourly.h"
#include "importer/core/json.h"
#include "importer/dictionary/dict_layers.h"

#define STATE_MAX 65536

void inv_state_read(const char *dir, const char *source, struct inv_state *ret)
{
	struct err unused = ERR_NONE;
	CLEANUP_FREE char *path = NULL;
	CLEANUP_FREE char *text = NULL;
	size_t len = 0;

	memset(ret, 0, sizeof(*ret));
	if (asprintf(&path, "%s/" DICT_DISCOVERED_DIR "/%s/" INV_STATE_FILE, dir, source) < 0) {
		path = NULL;
		return;
	}
	if (file_read(path, STATE_MAX, &text, &len, &unused))
		return;
	CLEANUP_JSON json_t *json = json_loadb(text, len, 0, NULL);
	ret->asked_ms = json_int_at(json, "asked_ms");
	ret->good_ms = json_int_at(json, "good_ms");
	ret->failing_ms = json_int_at(json, "failing_ms");
	ret->interval_ms = json_int_at(json, "interval_ms");
	snprintf(ret->why, sizeof(ret->why), "%s", json_text_at(json, "why", ""));
}

char *inv_state_text(const struct inv_state *s)
{
	/* cut in the midst of a character it is no JSON text */
	CLEANUP_JSON json_t *why = json_string(s->why);
	CLEANUP_JSON json_t *json =
	    json_pack("{s:I,s:I,s:I,s:I,s:O}", "asked_ms", (json_int_t)s->asked_ms, "good_ms",
		      (json_int_t)s->good_ms, "failing_ms", (json_int_t)s->failing_ms,
		      "interval_ms", (json_int_t)s->interval_ms, "why", why ? why : json_null());
	return json_dumps(json, JSON_INDENT(1));
}

int inv_state_write(const char *dir, const char *source, const struct inv_state *state,
		    struct err *err)
{
	CLEANUP_FREE char *text = inv_state_text(state);
	char below[128];

	snprintf(below, sizeof(below), DICT_DISCOVERED_DIR "/%.60s/" INV_STATE_FILE, source);
	if (!text)
		return err_set(err, EF_FAILED, "out of memory");
	return file_write_below(dir, below, text, strlen(text), 0644, err);
}

bool inv_state_is_due(const struct inv_state *s, int64_t interval_ms, int64_t now_ms)
{
	return s->failing_ms || hourly_is_due(now_ms - s->asked_ms, interval_ms) ||
	       now_ms < s->asked_ms;
}

bool inv_state_is_stale(const struct inv_state *s, int64_t now_ms)
{
	return now_ms - s->good_ms > hourly_stale_ms(s->interval_ms);
}
