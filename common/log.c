/* SPDX-License-Identifier: Apache-2.0
 * Levelled log lines on standard error: text, JSON, or with journald's priority prefix;
 * rate-limited per call site. */
#include "common/log.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/plain.h"

static const struct {
	const char *name;
	int priority; /* syslog(3) */
} levels[] = {
	[LOG_LEVEL_ERROR] = { "error", 3 },
	[LOG_LEVEL_WARN] = { "warning", 4 },
	[LOG_LEVEL_INFO] = { "info", 6 },
	[LOG_LEVEL_DEBUG] = { "debug", 7 },
};

static struct {
	const char *program;
	enum log_format format;
	bool journal;
	_Atomic int level;
} state = { .program = "ef", .level = LOG_LEVEL_INFO };

void log_init(const char *program, enum log_format format, enum log_level level)
{
	state.program = program;
	state.format = format;
	state.journal = getenv("JOURNAL_STREAM") != NULL;
	state.level = (int)level;
}

void log_set_level(enum log_level level)
{
	state.level = (int)level;
}

enum log_level log_get_level(void)
{
	return (enum log_level)state.level;
}

/* True when this call site may speak now; `ret_held_back` is how many lines it swallowed before. */
static bool may_speak(struct log_site *site, uint32_t *ret_held_back)
{
	const uint64_t now_ms = clock_now_ms();
	uint64_t start = site->period_start_ms;
	*ret_held_back = 0;
	if (start == 0 || now_ms - start >= LOG_PERIOD_MS) {
		/* one thread wins and opens the new period; the others count on in it */
		if (atomic_compare_exchange_strong(&site->period_start_ms, &start, now_ms)) {
			site->said = 0;
			*ret_held_back = atomic_exchange(&site->held_back, 0);
		}
	}
	if (atomic_fetch_add(&site->said, 1) < LOG_BURST)
		return true;
	atomic_fetch_add(&site->held_back, 1);
	return false;
}

static size_t line_json(char *line, size_t room, enum log_level level, const char *text)
{
	char when[CLOCK_TEXT_MAX];
	clock_text_ms(clock_wall_ms(), when);
	json_t *j = json_pack("{s:s, s:{s:s, s:s}, s:s+}", "@timestamp", when, "log", "level",
			      levels[level].name, "logger", state.program, "message", text, "");
	size_t n = j ? json_dumpb(j, line, room - 1, JSON_COMPACT) : 0;
	json_decref(j);
	if (n > room - 1)
		n = 0;
	line[n] = '\n';
	return n ? n + 1 : 0;
}

static size_t line_text(char *line, size_t room, enum log_level level, const char *text)
{
	char when[CLOCK_TEXT_MAX];
	int n;
	if (state.journal) {
		n = snprintf(line, room, "<%d>%s\n", levels[level].priority, text);
	} else {
		clock_text_ms(clock_wall_ms(), when);
		n = snprintf(line, room, "%s %s %s: %s\n", when, levels[level].name, state.program,
			     text);
	}
	size_t len = n < 0 ? 0 : (size_t)n;
	if (len >= room) {
		len = room - 1;
		line[len - 1] = '\n';
	}
	return len;
}

void log_write(struct log_site *site, enum log_level level, const char *fmt, ...)
{
	uint32_t held_back;
	if (!may_speak(site, &held_back))
		return;

	char text[1200];
	va_list args;
	va_start(args, fmt);
	int n = vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (n >= 0 && held_back && (size_t)n < sizeof(text))
		snprintf(text + n, sizeof(text) - (size_t)n, " (and %u like it before)", held_back);

	/* what a sender or a server says may hold line breaks, and would be taken for lines of
	 * ours */
	for (char *c = text; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			*c = ' ';
	plain_text(text); /* what is no UTF-8, a character that was cut included, is no JSON */

	char line[2 * sizeof(text) + 400];
	size_t len = state.format == LOG_FORMAT_JSON ? line_json(line, sizeof(line), level, text)
						     : line_text(line, sizeof(line), level, text);
	if (len && write(STDERR_FILENO, line, len) < 0)
		return; /* nowhere left to say so */
}
