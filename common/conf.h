/* SPDX-License-Identifier: Apache-2.0
 * Settings from a table of options: defaults, YAML file, environment, command line, in rising order of precedence.
 *
 * An option is one const row; everything else (flag, environment variable, help, reference documentation) follows from
 * it, and nothing else may state a default. "elasticsearch.ca_file" is the YAML path, EF_ELASTICSEARCH_CA_FILE the
 * environment variable, and --elasticsearch-ca-file the flag unless the row names a shorter one.
 *
 * Secrets (OPT_SECRET) have no flag: command lines can be read by everybody on the machine. They come from the
 * environment, from the YAML file, or from a file of their own: an option "x.password" also answers to
 * "x.password_file" (YAML, environment, flag), whose first line is the value.
 *
 * ${NAME} in a YAML value is replaced by the environment variable NAME; an unset one is an error.
 * An empty text or an empty environment variable says nothing: the option keeps what it has by default (a text), or by
 * the file (a variable). */
#ifndef EF_COMMON_CONF_H
#define EF_COMMON_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "common/err.h"

struct strlist {
	char **item;
	size_t n;
};

/* Append a copy of `text`; -1 when memory is short. */
int strlist_add(struct strlist *list, const char *text);
void strlist_release(struct strlist *list);

enum opt_type { /* the field it fills, and the notation */
		OPT_BOOL, /* bool: true, false, yes, no, on, off; a flag alone means true, --no-<flag> false */
		OPT_INT,  /* int64_t: decimal */
		OPT_SIZE, /* int64_t, bytes: 512, 64k, 8M, 1G (powers of 1024; KiB, MiB, GiB too) */
		OPT_DURATION, /* int64_t, milliseconds: 250ms, 30s, 5m, 12h, 7d; a bare number is seconds */
		OPT_TEXT,   /* char *: NULL when unset */
		OPT_LIST,   /* struct strlist: a YAML sequence, or words separated by commas */
		OPT_ENUM,   /* int: index into `choices` */
		OPT_SECRET, /* char *: never shown */
};

struct opt {
	const char *name; /* YAML path */
	enum opt_type type;
	size_t offset;      /* of the field in the settings object of its table */
	const char *preset; /* default, in YAML notation; NULL: unset, empty, 0 or false */
	int64_t min, max;   /* OPT_INT, OPT_SIZE, OPT_DURATION; both 0: only >= 0 is asked */
	const char *const *choices; /* OPT_ENUM: ends with NULL */
	const char *flag;           /* NULL: the path with '-' for '.' and '_' */
	char letter;                /* one-letter flag, or 0 */
	bool flag_only;             /* neither in the YAML file nor in the environment */
	bool reloads;               /* efd takes a new value on SIGHUP; the others need a restart */
	const char *arg;            /* name of the value in the help; NULL: by type */
	const char *help; /* one sentence, or more for the reference; the first one is --help's */
};

struct opt_table {
	const char *title; /* heading in help and reference */
	const struct opt *rows;
	size_t n;
	void *settings; /* what the offsets are relative to */
};

#define OPT_ROWS(array) .rows = (array), .n = sizeof(array) / sizeof((array)[0])

/* Read everything: argv[1…] (options may stand anywhere; "--" ends them), the file of --config/-c or EF_CONFIG or, when
 * it exists, `default_file` (may be NULL), the environment. Operands are collected in `ret_operands` (may be NULL: then
 * an operand is an error). --help, -h and --version, -V set `ret_shown` to the letter and read no further.
 * Errors are EF_USAGE and name file:line:column, variable or flag. Release with conf_release() also after an error. */
int conf_load(const struct opt_table *tables, size_t n_tables, const char *default_file, int argc,
	      char **argv, struct strlist *ret_operands, char *ret_shown, struct err *err);

/* Give back all text, lists and secrets (these are overwritten first). Settings must be zero before conf_load(). */
void conf_release(const struct opt_table *tables, size_t n_tables);

/* The list of flags for --help. */
void conf_print_help(FILE *out, const struct opt_table *tables, size_t n_tables);
/* The commented YAML reference: every option with its default. */
void conf_print_yaml(FILE *out, const struct opt_table *tables, size_t n_tables);
/* The OPTIONS section of a man page (roff). */
void conf_print_man(FILE *out, const struct opt_table *tables, size_t n_tables);

/* One value in YAML notation into its field, for tests and reloads. `where` starts the error message. */
int conf_set(const struct opt *opt, void *settings, const char *text, const char *where,
	     struct err *err);

#endif
