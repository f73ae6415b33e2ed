/* SPDX-License-Identifier: Apache-2.0
 * Levelled log lines on standard error: text, JSON, or with journald's priority prefix;
 * rate-limited per call site.
 *
 * Thread-safe: a line is one write(2). Library code (decode, ship, common) does not log except
 * through what its caller hands in; main, workers, shippers and commands do. */
#ifndef EF_COMMON_LOG_H
#define EF_COMMON_LOG_H

#include <stdatomic.h>
#include <stdint.h>

#include "common/err.h"

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARN, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };
enum log_format { LOG_FORMAT_TEXT, LOG_FORMAT_JSON };

/* `program` is kept, not copied. Journald is recognised by JOURNAL_STREAM: lines then start with
 * "<priority>" and carry no time of their own. */
void log_init(const char *program, enum log_format format, enum log_level level);
void log_set_level(enum log_level level);
enum log_level log_get_level(void);

/* A call site says at most LOG_BURST lines in LOG_PERIOD_MS; the first line after that tells how
 * many were left out. */
#define LOG_BURST     5
#define LOG_PERIOD_MS 10000

struct log_site {
	_Atomic uint64_t period_start_ms;
	_Atomic uint32_t said;
	_Atomic uint32_t held_back;
};

void log_write(struct log_site *site, enum log_level level, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#define LOG_AT_(level, ...)                                      \
	do {                                                     \
		static struct log_site site_;                    \
		if ((level) <= log_get_level())                  \
			log_write(&site_, (level), __VA_ARGS__); \
	} while (0)

#define log_error(...) LOG_AT_(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warn(...)  LOG_AT_(LOG_LEVEL_WARN, __VA_ARGS__)
#define log_info(...)  LOG_AT_(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...) LOG_AT_(LOG_LEVEL_DEBUG, __VA_ARGS__)

#endif
