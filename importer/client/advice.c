/* SPDX-License-Identifier: Apache-2.0
 * Commands that efctl tells people to type: with what they have to name so that they mean the same
 * cluster and installation. */
#include "importer/client/advice.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/shell.h"

/* What is of one run, and not of what it is about. */
static const char *const only_now[] = { "--dry-run", "--diff", "--json" };

/* Whether `text` has a word that is the `n` bytes of `flag`, or these with a value. */
static bool has_flag(const char *text, const char *flag, size_t n)
{
	for (const char *at = text; *at; at += strcspn(at, " ")) {
		at += strspn(at, " ");
		if (strncmp(at, flag, n) == 0 && strchr(" =", at[n]))
			return true;
	}
	return false;
}

/* A URL with a password in it; a proxy needs no scheme. */
static bool is_secret(const char *flag)
{
	const char *url = strstr(flag, "://");
	url = url ? url : strstr(flag, "proxy=");
	return url && strchr(url, '@');
}

/* What `rest` says itself is said once, and a password to nobody. */
static bool is_left_out(const char *flag, const char *rest)
{
	if (is_secret(flag))
		return true;
	for (size_t i = 0; i < sizeof(only_now) / sizeof(only_now[0]); i++)
		if (strcmp(flag, only_now[i]) == 0)
			return true;
	return has_flag(rest, flag, strcspn(flag, "="));
}

const char *advice_word(const char *word, char ret_text[ADVICE_MAX])
{
	CLEANUP_BUF struct buf out;
	buf_init(&out, ADVICE_MAX - 1);
	int failed = shell_add_word(&out, word);
	snprintf(ret_text, ADVICE_MAX, "%.*s", failed ? 0 : (int)out.len, out.data);
	return ret_text;
}

static int add_typed(struct buf *out, const struct strlist *typed, const char *rest)
{
	int failed = 0;
	for (size_t i = 0; i < typed->n && !failed; i++)
		if (!is_left_out(typed->item[i], rest))
			failed = buf_add_text(out, " ") || shell_add_word(out, typed->item[i]);
	return failed;
}

static bool is_command(const char *rest, const char *command)
{
	size_t n = command ? strlen(command) : 0;
	return n && strncmp(rest, command, n) == 0 && (rest[n] == ' ' || rest[n] == '\0');
}

/* `efctl keys revoke` is another one than `efctl keys rotate`. */
static bool is_this_command(const struct app *app, const char *rest)
{
	size_t n = app->command ? strlen(app->command) : 0;
	return is_command(rest, app->command) &&
	       (app->args.n == 0 || is_command(rest + n + (rest[n] == ' '), app->args.item[0]));
}

const char *advice_command(const struct app *app, const char *rest, char ret_text[ADVICE_MAX])
{
	const char *flags = strstr(rest, " -");
	size_t words = flags ? (size_t)(flags - rest) : strlen(rest);
	CLEANUP_BUF struct buf out;
	buf_init(&out, ADVICE_MAX - 1);
	int failed =
	    buf_add_text(&out, "`efctl ") || buf_add(&out, rest, words) ||
	    add_typed(&out, &app->typed, rest) ||
	    (!is_command(rest, "dictionaries") && add_typed(&out, &app->typed_setup, rest)) ||
	    (is_this_command(app, rest) && add_typed(&out, &app->typed_flags, rest)) ||
	    buf_add_text(&out, rest + words) || buf_add_text(&out, "`");
	if (failed)
		snprintf(ret_text, ADVICE_MAX, "`efctl %s`", rest);
	else
		snprintf(ret_text, ADVICE_MAX, "%.*s", (int)out.len, out.data);
	return ret_text;
}
