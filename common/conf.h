/* SPDX-License-Identifier: Apache-2.0
 * Settings from a table of options: defaults, YAML files, environment, command line, in rising
 * order of precedence.
 *
 * An option is one const row; everything else (flag, environment variable, help, reference
 * documentation) follows from it, and nothing else may state a default. "elasticsearch.ca_file" is
 * the YAML path, EF_ELASTICSEARCH_CA_FILE the environment variable, and --elasticsearch-ca-file the
 * flag unless the row names a shorter one.
 *
 * Secrets (OPT_SECRET) have no flag: command lines can be read by everybody on the machine. They
 * come from the environment, from the YAML file, or from a file of their own: an option
 * "x.password" also answers to "x.password_file" (YAML, environment, flag), whose first line is the
 * value.
 *
 * ${NAME} in a YAML value is replaced by the environment variable NAME; an unset one is an error.
 * An empty text or an empty environment variable says nothing: the option keeps what it has by
 * default (a text), or by the file (a variable). */
#ifndef EF_COMMON_CONF_H
#define EF_COMMON_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"

struct strlist {
	char **item;
	size_t n;
};

/* Append a copy of `text`; -1 when memory is short. */
int strlist_add(struct strlist *list, const char *text);
void strlist_release(struct strlist *list);

enum opt_type { /* the field it fills, and the notation */
		/* bool: true, false, yes, no, on, off; a flag alone means true, --no-<flag>
		 * false */
		OPT_BOOL,
		OPT_INT,  /* int64_t: decimal */
		OPT_SIZE, /* int64_t, bytes: 512, 64k, 8M, 1G (powers of 1024; KiB, MiB, GiB too) */
		/* int64_t, milliseconds: 250ms, 30s, 5m, 12h, 7d, 2w, 1h30m; a bare number is
		 * seconds, where no unit is wanted */
		OPT_DURATION,
		OPT_TEXT,   /* char *: NULL when unset */
		OPT_LIST,   /* struct strlist: a YAML sequence, or words separated by commas */
		OPT_ENUM,   /* int: index into `choices` */
		OPT_SECRET, /* char *: never shown */
};

/* Whether a value will do; EF_USAGE with a message that begins with `where`. */
typedef int opt_check(const char *where, const char *value, struct err *err);

struct opt {
	const char *name; /* YAML path */
	enum opt_type type;
	size_t offset; /* of the field in the settings object of its table */
	/* OPT_SECRET: of a char * there for the path of the file that the secret came from, NULL
	 * where it came from elsewhere; 0: nobody wants to know */
	size_t path_offset;
	const char *preset; /* default, in YAML notation; NULL: unset, empty, 0 or false */
	int64_t min, max;   /* OPT_INT, OPT_SIZE, OPT_DURATION; both 0: only >= 0 is asked */
	/* OPT_TEXT, OPT_LIST (each word, of at most `max`): the others are checked by their type.
	 * NULL: any text will do */
	opt_check *check;
	const char *const *choices; /* OPT_ENUM: ends with NULL */
	const char *flag;           /* NULL: the path with '-' for '.' and '_' */
	char letter;                /* one-letter flag, or 0 */
	/* what the flag means without a value, which then follows '='; NULL: it wants one */
	const char *bare;
	bool is_url;      /* in which there may be a password: what holds one is a secret's file */
	bool adds;        /* OPT_LIST: named once more, it gets more, and no others */
	bool flag_only;   /* neither in the YAML file nor in the environment */
	bool reloads;     /* efd takes a new value on SIGHUP; the others need a restart */
	bool unit_wanted; /* OPT_DURATION: not without, because nobody could know which is meant */
	bool prints;      /* asks for a text that no setting changes: nothing else is read */
	const char *arg;  /* name of the value in the help; NULL: by type */
	const char *help; /* one sentence, or more for the reference; the first one is --help's */
};

struct opt_table {
	const char *title; /* heading in help and reference */
	const struct opt *rows;
	size_t n;
	void *settings; /* what the offsets are relative to */
	/* NULL, or bit i tells that somebody named row i (of at most 64), also as its default */
	uint64_t *named;
	/* NULL, or gets the path of each file that a secret was read from */
	struct strlist *holders;
	bool no_empty; /* an empty flag, such as "$UNSET", is an error, and not the default */
	/* NULL, or gets each flag of the command line that set one of its options, as one word; the
	 * last table with such a list also gets --config */
	struct strlist *typed;
};

#define OPT_ROWS(array) .rows = (array), .n = sizeof(array) / sizeof((array)[0])

/* Whether file, environment or command line named the option; false when its table keeps no record
 * of it. An empty value names an option on the command line only: it asks for the default there. */
bool conf_named(const struct opt_table *tables, size_t n_tables, const char *name);
/* The option's long flag with its dashes in `text` (CONF_FLAG_MAX bytes); returns `text`. */
#define CONF_FLAG_MAX 100
const char *conf_flag(const struct opt_table *tables, size_t n_tables, const char *name,
		      char *text);

/* Give back all text, lists and secrets (these are overwritten first). Settings must be zero before
 * conf_load(). */
void conf_release(const struct opt_table *tables, size_t n_tables);

/* A copy of the settings `from` in those of the table, which are zero, to be given back with
 * conf_release(). -1: no memory, and there is nothing to give back. */
int conf_copy(const struct opt_table *table, const void *from);

/* Whether the option's field has another value in the one settings object than in the other. */
bool conf_differs(const struct opt *opt, const void *one, const void *other);

/* An opt_check for paths and names that are looked up: any text of one line. */
int conf_check_line(const char *where, const char *value, struct err *err);

/* One value in YAML notation into its field, whoever says it: a file, the environment, the command
 * line, the record of an installation. `where` starts the error message. */
int conf_set(const struct opt *opt, void *settings, const char *text, const char *where,
	     struct err *err);

/* ---- for the readers of settings ---- */

#define CONF_NAME_MAX 96

/* Find an option by its YAML path; "x_file" finds the secret "x" and sets `ret_is_file`. NULL when
 * there is none. */
const struct opt *conf_find(const struct opt_table *tables, size_t n_tables, const char *name,
			    void **ret_settings, bool *ret_is_file);
/* Note that it was named, where its table wants to know. */
void conf_note_named(const struct opt_table *tables, size_t n_tables, const struct opt *opt);
/* Write its long flag (without dashes) or its environment variable into `text` (CONF_NAME_MAX
 * bytes). */
void conf_flag_name(const struct opt *opt, char *text);
void conf_env_name(const struct opt *opt, char *text);

#define CONF_FILE_OF_SECRET "_file" /* behind a secret's name: the file that holds it */

int conf_set_defaults(const struct opt_table *tables, size_t n_tables, struct err *err);
/* Append one word to the list of an option, if it will do. */
int conf_add_word(const struct opt *opt, struct strlist *list, const char *word, const char *where,
		  struct err *err);
/* Set a secret to the first line of the file at `path`. */
int conf_set_secret_file(const struct opt *opt, void *settings, const char *path, const char *where,
			 struct err *err);

#endif
