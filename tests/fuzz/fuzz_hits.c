/* SPDX-License-Identifier: Apache-2.0
 * Fuzzing: any octets as a search's reply. What is taken out of it is JSON for another reader, too,
 * on one line, and so is each value that is found in it; what that reader takes is taken. */
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "importer/query/hits.h"
#include "importer/query/pick.h"
#include "tests/fuzz/fuzz.h"

/* What jansson refuses though it is JSON: numbers out of range, halves of surrogate pairs, and
 * names with a NUL. */
static int is_beyond_jansson(const json_error_t *why)
{
	return json_error_code(why) == json_error_numeric_overflow ||
	       json_error_code(why) == json_error_null_byte_in_key || strstr(why->text, "Unicode");
}

static void must_be_json(const char *text, size_t len)
{
	json_error_t why;
	json_t *json = json_loadb(text, len, JSON_DECODE_ANY | JSON_ALLOW_NUL, &why);
	if (!json && !is_beyond_jansson(&why))
		abort();
	json_decref(json);
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
			abort();
}

static void must_be_refused(const char *text, size_t len)
{
	json_t *json = json_loadb(text, len, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
	if (json)
		abort();
}

static void values_must_be_json(const char *text, size_t len)
{
	static const char *const fields[] = { "@timestamp", "event.start", "a", "b.c", "a.b", "a" };
	struct picked found[6];
	struct picker *p = picker_new(fields, 6);
	picker_read(p, text, len, found);
	for (size_t i = 0; i < 6; i++)
		if (found[i].json)
			must_be_json(found[i].json, found[i].len);
	picker_free(p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct hits hits;
	size_t len, sum = 0, deep = 0;
	struct err err = ERR_NONE;
	hits_init(&hits);
	for (size_t i = 0; i < size; i++)
		deep += data[i] == '[' || data[i] == '{';
	if (hits_cut(&hits, (const char *)data, size, &err) == 0) {
		must_be_json(hits.rest.data, hits.rest.len);
		for (size_t i = 0; i < hits.n; i++) {
			const char *text = hits_text(&hits, i, &len);
			must_be_json(text, len);
			values_must_be_json(text, len);
			sum += len;
		}
		if (sum != hits.text.len || hits_text(&hits, hits.n, &len))
			abort();
	} else if (deep <= HITS_DEPTH && !memchr(data, 0, size)) { /* jansson ends at one */
		must_be_refused((const char *)data, size);
	}
	hits_release(&hits);
	return 0;
}
