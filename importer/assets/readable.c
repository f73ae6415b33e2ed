/* SPDX-License-Identifier: Apache-2.0
 * An asset as lines that people can read and compare. */
#include "importer/assets/readable.h"

#include <stdbool.h>
#include <string.h>

#include "common/cleanup.h"
#include "importer/assets/canon.h"
#include "importer/assets/pretty.h"
#include "importer/assets/token.h"

#define BEGINNING  40
#define SCRIPT_MAX (1U << 20)

static bool has_long_line(const char *text)
{
	for (;;) {
		size_t len = strcspn(text, "\n");
		if (len > READABLE_LINE_MAX)
			return true;
		if (text[len] == '\0')
			return false;
		text += len + 1;
	}
}

/* Line ends after statements and braces, as nobody writes two of them into a line. */
static int break_up(const char *source, struct buf *out)
{
	struct tokens tokens = { .at = source };
	int depth = 0; /* of parentheses: for (;;) stays together */
	for (struct token t = token_next(&tokens); t.kind != TOKEN_END; t = token_next(&tokens)) {
		char sign = t.kind == TOKEN_SIGN ? *t.text : '\0';
		depth += sign == '(' ? 1 : sign == ')' ? -1 : 0;
		bool ends = sign == '{' || sign == '}' || (sign == ';' && depth == 0);
		if (buf_add(out, t.text, t.len) ||
		    (ends && *tokens.at && *tokens.at != '\n' && buf_add(out, "\n", 1)))
			return -1;
	}
	return 0;
}

/* A new text in place of one that nobody can read; NULL: no memory. */
static json_t *in_short(const char *name, const json_t *text)
{
	const char *value = json_string_value(text);
	char hash[CANON_HASH_MAX];
	if (strcmp(name, "source") == 0) {
		CLEANUP_BUF struct buf out;
		buf_init(&out, SCRIPT_MAX);
		return break_up(value, &out) ? NULL : json_stringn(out.data, out.len);
	}
	size_t n = BEGINNING; /* not amid a character */
	while (n && ((unsigned char)value[n] & 0xc0) == 0x80)
		n--;
	canon_hash(text, hash);
	return json_sprintf("%.*s… (%zu bytes, SHA-256 %.16s…)", (int)n, value,
			    json_string_length(text), hash);
}

static bool is_too_long(const json_t *value)
{
	return json_is_string(value) &&
	       strlen(json_string_value(value)) == json_string_length(value) &&
	       has_long_line(json_string_value(value));
}

static int shorten(json_t *tree)
{
	const char *name;
	json_t *value;
	size_t i;
	json_array_foreach (tree, i, value)
		if (is_too_long(value) ? json_array_set_new(tree, i, in_short("", value))
				       : shorten(value))
			return -1;
	json_object_foreach (tree, name, value)
		if (is_too_long(value) ? json_object_set_new(tree, name, in_short(name, value))
				       : shorten(value))
			return -1;
	return 0;
}

int readable_json(const json_t *json, struct buf *out)
{
	CLEANUP_JSON json_t *copy = json_deep_copy(json);
	return !copy || shorten(copy) || pretty_blocks(copy, out) ? -1 : 0;
}
