/* SPDX-License-Identifier: Apache-2.0
 * Words as a shell takes them, for commands that people are told to type. */
#include "common/shell.h"

#include <string.h>

int shell_add_word(struct buf *out, const char *word)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789_-./:=,@+%";
	const char *quote;
	if (*word && !word[strspn(word, plain)])
		return buf_add_text(out, word);
	int failed = buf_add_text(out, "'");
	for (; (quote = strchr(word, '\'')) && !failed; word = quote + 1)
		failed = buf_add(out, word, (size_t)(quote - word)) || buf_add_text(out, "'\\''");
	return failed || buf_add_text(out, word) || buf_add_text(out, "'") ? -1 : 0;
}
