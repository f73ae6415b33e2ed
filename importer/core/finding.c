/* SPDX-License-Identifier: Apache-2.0
 * What doctor finds: a verdict and a sentence for people, collected in a list. */
#include "importer/core/finding.h"

#include <stdbool.h>
#include <string.h>

#include "common/plain.h"
#include "importer/core/print.h"

static const char *const words[] = {
	[FINE] = "ok", [ODD] = "note", [UNKNOWN] = "unknown", [BAD] = "problem"
};

void finding_add_list(json_t *list, enum finding finding, const char *fmt, va_list ap)
{
	char text[1024];

	vsnprintf(text, sizeof(text), fmt, ap);
	plain_text(text); /* a character that was cut is no JSON */
	json_array_append_new(list, json_pack("{s:s,s:s}", "result", words[finding], "text", text));
}

void finding_add(json_t *list, enum finding finding, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	finding_add_list(list, finding, fmt, ap);
	va_end(ap);
}

size_t findings_bad(const json_t *list)
{
	return findings_print(NULL, list, 0);
}

static bool is_bad(const json_t *finding)
{
	const char *word = json_string_value(json_object_get(finding, "result"));
	return !word || strcmp(word, words[BAD]) == 0;
}

const char *findings_first_bad(const json_t *list)
{
	size_t i;
	json_t *f;

	json_array_foreach (list, i, f)
		if (is_bad(f))
			return json_string_value(json_object_get(f, "text"));
	return NULL;
}

size_t findings_print(FILE *out, const json_t *list, size_t from)
{
	size_t bad = 0;

	for (size_t i = from; i < json_array_size(list); i++) {
		const json_t *f = json_array_get(list, i);

		bad += is_bad(f);
		if (out)
			print_plain(out, "%-8s %s\n",
				    json_string_value(json_object_get(f, "result")),
				    json_string_value(json_object_get(f, "text")));
	}
	return bad;
}
