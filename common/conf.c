/* SPDX-License-Identifier: Apache-2.0
 * Settings from a table of options: defaults, YAML files, environment, command line, in rising
 * order of precedence. */
#include "common/conf.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/cleanup.h"
#include "common/regular.h"

#define SECRET_FILE_MAX 16384

int strlist_add(struct strlist *list, const char *text)
{
	char **item = realloc(list->item, (list->n + 1) * sizeof(*item));
	if (!item)
		return -1;
	list->item = item;
	list->item[list->n] = strdup(text);
	if (!list->item[list->n])
		return -1;
	list->n++;
	return 0;
}

void strlist_release(struct strlist *list)
{
	for (size_t i = 0; i < list->n; i++)
		free(list->item[i]);
	free(list->item);
	*list = (struct strlist){ 0 };
}

static int copy_list(struct strlist *to, const struct strlist *from)
{
	*to = (struct strlist){ 0 };
	for (size_t i = 0; i < from->n; i++)
		if (strlist_add(to, from->item[i]))
			return -1;
	return 0;
}

static void *field_of(const struct opt *opt, void *settings)
{
	return (char *)settings + opt->offset;
}

static int no_memory(struct err *err)
{
	return err_set(err, EF_FAILED, "out of memory while reading the settings");
}

static int set_bool(bool *field, const char *text, const char *where, struct err *err)
{
	static const char *const yes[] = { "true", "yes", "on", "1" };
	static const char *const no[] = { "false", "no", "off", "0" };
	for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++) {
		if (strcasecmp(text, yes[i]) == 0 || strcasecmp(text, no[i]) == 0) {
			*field = strcasecmp(text, yes[i]) == 0;
			return 0;
		}
	}
	return err_set(err, EF_USAGE, "%s: '%s' is neither true nor false", where, text);
}

struct unit {
	const char *name;
	int64_t factor;
};

static const struct unit no_units[] = { { "", 1 }, { NULL, 0 } };
static const struct unit size_units[] = {
	{ "", 1 },
	{ "b", 1 },
	{ "k", 1 << 10 },
	{ "kb", 1 << 10 },
	{ "kib", 1 << 10 },
	{ "m", 1 << 20 },
	{ "mb", 1 << 20 },
	{ "mib", 1 << 20 },
	{ "g", 1LL << 30 },
	{ "gb", 1LL << 30 },
	{ "gib", 1LL << 30 },
	{ "t", 1LL << 40 },
	{ "tib", 1LL << 40 },
	{ NULL, 0 },
};
static const struct unit time_units[] = {
	{ "", 1000 },     { "ms", 1 },       { "s", 1000 },      { "m", 60000 }, { "min", 60000 },
	{ "h", 3600000 }, { "d", 86400000 }, { "w", 604800000 }, { NULL, 0 },
};

/* How each numeric type is written. */
static const struct notation {
	const struct unit *units;
	const char *hint;   /* for an unknown unit */
	const char *suffix; /* of the range in a message */
} notations[] = {
	[OPT_INT] = { no_units, "a plain number is wanted", "" },
	[OPT_SIZE] = { size_units, "use k, M or G", " bytes" },
	[OPT_DURATION] = { time_units, "use ms, s, m, h, d or w", " ms" },
};

/* A number and its unit, of which a time may have several: 1h30m. `*at` goes behind it. */
static int number_part(const struct opt *opt, const char **at, bool more, int64_t *ret_value,
		       const char *text, const char *where, struct err *err)
{
	const struct notation *how = &notations[opt->type];
	char *end;
	errno = 0;
	long long value = strtoll(*at, &end, 10);
	if (end == *at || errno)
		return err_set(err, EF_USAGE, "%s: '%s' is not a number", where, text);
	end += strspn(end, " ");
	const size_t whole = opt->type == OPT_DURATION ? strcspn(end, "0123456789") : strlen(end);
	size_t len = whole;
	while (len && end[len - 1] == ' ')
		len--;
	const struct unit *unit = how->units;
	while (unit->name && (strlen(unit->name) != len || strncasecmp(end, unit->name, len) != 0))
		unit++;
	if (!unit->name || (!len && more))
		return err_set(err, EF_USAGE, "%s: '%s' has an unknown unit; %s", where, text,
			       how->hint);
	if (!len && opt->unit_wanted)
		return err_set(err, EF_USAGE, "%s: '%s' has no unit; %s", where, text, how->hint);
	if (__builtin_mul_overflow(value, unit->factor, &value))
		return err_set(err, EF_USAGE, "%s: '%s' is too large", where, text);
	*at = end + whole;
	*ret_value = value;
	return 0;
}

static int set_number(const struct opt *opt, int64_t *field, const char *text, const char *where,
		      struct err *err)
{
	const struct notation *how = &notations[opt->type];
	const char *at = text;
	int64_t value = 0, part = 0;
	do {
		if (number_part(opt, &at, at != text, &part, text, where, err))
			return -1;
		if (__builtin_add_overflow(value, part, &value))
			return err_set(err, EF_USAGE, "%s: '%s' is too large", where, text);
	} while (*at);
	bool bounded = opt->min || opt->max;
	int64_t min = bounded ? opt->min : 0, max = bounded ? opt->max : INT64_MAX;
	if (value < min || value > max)
		return err_set(err, EF_USAGE, "%s: '%s' is out of range (%lld to %lld%s)", where,
			       text, (long long)min, (long long)max, how->suffix);
	*field = value;
	return 0;
}

/* It may have been a secret. */
static void wipe_text(char **field)
{
	if (*field)
		explicit_bzero(*field, strlen(*field));
	free(*field);
	*field = NULL;
}

/* An empty text is none: ${VAR:-} in a Compose file gives one. */
static int set_text(const struct opt *opt, char **field, const char *text, const char *where,
		    struct err *err)
{
	if (!*text)
		text = opt->preset;
	if (text && *text && opt->check && opt->check(where, text, err))
		return -1;
	char *copy = text ? strdup(text) : NULL;
	if (text && !copy)
		return no_memory(err);
	wipe_text(field);
	*field = copy;
	return 0;
}

int conf_check_line(const char *where, const char *value, struct err *err)
{
	for (const char *c = value; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			return err_set(err, EF_USAGE, "%s: '%s' has control characters", where,
				       value);
	return 0;
}

int conf_add_word(const struct opt *opt, struct strlist *list, const char *word, const char *where,
		  struct err *err)
{
	if (opt->check && opt->check(where, word, err))
		return -1;
	if (opt->max && list->n >= (size_t)opt->max)
		return err_set(err, EF_USAGE, "%s: more than %lld words", where,
			       (long long)opt->max);
	return strlist_add(list, word) ? no_memory(err) : 0;
}

static int add_words(const struct opt *opt, struct strlist *list, const char *text,
		     const char *where, struct err *err)
{
	char *copy = strdup(text), *rest = copy, *word;
	int result = copy ? 0 : no_memory(err);
	while (result == 0 && (word = strsep(&rest, ",")) != NULL) {
		while (isspace((unsigned char)*word))
			word++;
		size_t n = strlen(word);
		while (n && isspace((unsigned char)word[n - 1]))
			word[--n] = '\0';
		if (n)
			result = conf_add_word(opt, list, word, where, err);
	}
	free(copy);
	return result;
}

static int set_list(const struct opt *opt, struct strlist *field, const char *text,
		    const char *where, struct err *err)
{
	struct strlist list = { 0 };
	int failed = opt->adds && copy_list(&list, field) ? no_memory(err) : 0;
	if (failed || add_words(opt, &list, text, where, err)) {
		strlist_release(&list);
		return -1;
	}
	strlist_release(field);
	*field = list;
	return 0;
}

static int set_enum(const struct opt *opt, int *field, const char *text, const char *where,
		    struct err *err)
{
	char list[256] = "";
	for (int i = 0; opt->choices[i]; i++) {
		if (strcasecmp(text, opt->choices[i]) == 0) {
			*field = i;
			return 0;
		}
		size_t n = strlen(list);
		snprintf(list + n, sizeof(list) - n, "%s%s", i ? ", " : "", opt->choices[i]);
	}
	return err_set(err, EF_USAGE, "%s: '%s' is not one of %s", where, text, list);
}

/* Notes where a secret came from, where its row wants that. */
static int set_path(const struct opt *opt, void *settings, const char *path, struct err *err)
{
	if (!opt->path_offset)
		return 0;
	char **field = (char **)((char *)settings + opt->path_offset);
	char *copy = path ? strdup(path) : NULL;
	if (path && !copy)
		return no_memory(err);
	free(*field);
	*field = copy;
	return 0;
}

int conf_set(const struct opt *opt, void *settings, const char *text, const char *where,
	     struct err *err)
{
	void *field = field_of(opt, settings);
	switch (opt->type) {
	case OPT_BOOL:
		return set_bool(field, text, where, err);
	case OPT_INT:
	case OPT_SIZE:
	case OPT_DURATION:
		return set_number(opt, field, text, where, err);
	case OPT_TEXT:
		return set_text(opt, field, text, where, err);
	case OPT_SECRET:
		return set_text(opt, field, text, where, err) || set_path(opt, settings, NULL, err)
			   ? -1
			   : 0;
	case OPT_LIST:
		return set_list(opt, field, text, where, err);
	case OPT_ENUM:
		return set_enum(opt, field, text, where, err);
	}
	return err_set(err, EF_FAILED, "%s: option of unknown type", where);
}

int conf_set_secret_file(const struct opt *opt, void *settings, const char *path, const char *where,
			 struct err *err)
{
	char *line = calloc(1, SECRET_FILE_MAX);
	if (!line)
		return no_memory(err);
	int ret = regular_secret(path, line, SECRET_FILE_MAX, err);
	if (ret)
		err_wrap(err, "%s", where);
	else
		ret =
		    conf_set(opt, settings, line, where, err) || set_path(opt, settings, path, err)
			? -1
			: 0;
	explicit_bzero(line, SECRET_FILE_MAX);
	free(line);
	return ret;
}

int conf_set_defaults(const struct opt_table *tables, size_t n_tables, struct err *err)
{
	for (const struct opt_table *t = tables; t < tables + n_tables; t++) {
		if (t->named)
			*t->named = 0;
		for (const struct opt *opt = t->rows; opt < t->rows + t->n; opt++)
			if (opt->preset && conf_set(opt, t->settings, opt->preset, opt->name, err))
				return -1;
	}
	return 0;
}

static void release_option(const struct opt *opt, void *settings)
{
	void *field = field_of(opt, settings);
	if (opt->type == OPT_LIST)
		strlist_release(field);
	if (opt->type == OPT_TEXT || opt->type == OPT_SECRET)
		wipe_text(field);
	if (opt->path_offset)
		wipe_text((char **)((char *)settings + opt->path_offset));
}

void conf_release(const struct opt_table *tables, size_t n_tables)
{
	for (const struct opt_table *t = tables; t < tables + n_tables; t++)
		for (const struct opt *opt = t->rows; opt < t->rows + t->n; opt++)
			release_option(opt, t->settings);
}

static int copy_text(char **to, const char *from)
{
	*to = from ? strdup(from) : NULL;
	return from && !*to ? -1 : 0;
}

static int copy_option(const struct opt *opt, void *to, const void *from)
{
	void *y = field_of(opt, to);
	const void *x = (const char *)from + opt->offset;
	switch (opt->type) {
	case OPT_BOOL:
		*(bool *)y = *(const bool *)x;
		return 0;
	case OPT_INT:
	case OPT_SIZE:
	case OPT_DURATION:
		*(int64_t *)y = *(const int64_t *)x;
		return 0;
	case OPT_ENUM:
		*(int *)y = *(const int *)x;
		return 0;
	case OPT_LIST:
		return copy_list(y, x);
	default:
		return copy_text(y, *(char *const *)x);
	}
}

static int copy_path(const struct opt *opt, void *to, const void *from)
{
	if (!opt->path_offset)
		return 0;
	return copy_text((char **)((char *)to + opt->path_offset),
			 *(char *const *)((const char *)from + opt->path_offset));
}

int conf_copy(const struct opt_table *table, const void *from)
{
	int failed = 0;
	for (const struct opt *opt = table->rows; opt < table->rows + table->n; opt++)
		failed |=
		    copy_option(opt, table->settings, from) | copy_path(opt, table->settings, from);
	if (failed)
		conf_release(table, 1);
	return failed;
}

static bool lists_differ(const struct strlist *a, const struct strlist *b)
{
	if (a->n != b->n)
		return true;
	for (size_t i = 0; i < a->n; i++)
		if (strcmp(a->item[i], b->item[i]) != 0)
			return true;
	return false;
}

static bool texts_differ(const char *a, const char *b)
{
	return (!a != !b) || (a && strcmp(a, b) != 0);
}

bool conf_differs(const struct opt *opt, const void *one, const void *other)
{
	const void *x = (const char *)one + opt->offset, *y = (const char *)other + opt->offset;
	switch (opt->type) {
	case OPT_BOOL:
		return *(const bool *)x != *(const bool *)y;
	case OPT_INT:
	case OPT_SIZE:
	case OPT_DURATION:
		return *(const int64_t *)x != *(const int64_t *)y;
	case OPT_ENUM:
		return *(const int *)x != *(const int *)y;
	case OPT_LIST:
		return lists_differ(x, y);
	default:
		return texts_differ(*(char *const *)x, *(char *const *)y);
	}
}

/* ---- options by name ---- */

void conf_flag_name(const struct opt *opt, char *text)
{
	const char *from = opt->flag ? opt->flag : opt->name;
	size_t i = 0;
	for (; i < CONF_NAME_MAX - 1 && from[i]; i++)
		text[i] = from[i] == '.' || from[i] == '_' ? '-' : from[i];
	text[i] = '\0';
}

void conf_env_name(const struct opt *opt, char *text)
{
	size_t i = (size_t)snprintf(text, CONF_NAME_MAX, "EF_");
	for (const char *from = opt->name; *from && i < CONF_NAME_MAX - 1; from++, i++)
		text[i] = *from == '.' ? '_' : (char)toupper((unsigned char)*from);
	text[i] = '\0';
}

static bool is_file_of(const struct opt *opt, const char *base, const char *name)
{
	size_t n = strlen(base);
	return opt->type == OPT_SECRET && strncmp(name, base, n) == 0 &&
	       strcmp(name + n, CONF_FILE_OF_SECRET) == 0;
}

const struct opt *conf_find(const struct opt_table *tables, size_t n_tables, const char *name,
			    void **ret_settings, bool *ret_is_file)
{
	for (const struct opt_table *t = tables; t < tables + n_tables; t++) {
		for (const struct opt *opt = t->rows; opt < t->rows + t->n; opt++) {
			bool is_file = is_file_of(opt, opt->name, name);
			if (!is_file && strcmp(opt->name, name) != 0)
				continue;
			*ret_settings = t->settings;
			*ret_is_file = is_file;
			return opt;
		}
	}
	return NULL;
}

/* Bit of the option in its table's `named`; 0 when nobody asks. */
static uint64_t named_bit(const struct opt_table *t, const struct opt *opt)
{
	bool here = t->named && opt >= t->rows && opt < t->rows + t->n && t->n <= 64;
	return here ? (uint64_t)1 << (opt - t->rows) : 0;
}

void conf_note_named(const struct opt_table *tables, size_t n_tables, const struct opt *opt)
{
	for (const struct opt_table *t = tables; t < tables + n_tables; t++)
		if (named_bit(t, opt))
			*t->named |= named_bit(t, opt);
}

bool conf_named(const struct opt_table *tables, size_t n_tables, const char *name)
{
	void *settings;
	bool is_file;
	const struct opt *opt = conf_find(tables, n_tables, name, &settings, &is_file);
	for (const struct opt_table *t = tables; opt && t < tables + n_tables; t++)
		if (named_bit(t, opt))
			return *t->named & named_bit(t, opt);
	return false;
}

const char *conf_flag(const struct opt_table *tables, size_t n_tables, const char *name, char *text)
{
	void *settings;
	bool is_file;
	const struct opt *opt = conf_find(tables, n_tables, name, &settings, &is_file);
	memcpy(text, "--", 3);
	if (opt)
		conf_flag_name(opt, text + 2);
	return text;
}
