/* SPDX-License-Identifier: Apache-2.0
 * What is odd around the settings, and no error: secrets that everybody can read, variables that
 * look like options and are none. */
#include "common/conf_doubt.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define NEAR 3 /* so many letters more, less or others make another word of one */

/* ---- files ---- */

int conf_note_holder(const struct opt_table *tables, size_t n_tables, const struct opt *opt,
		     const char *path, struct err *err)
{
	for (const struct opt_table *t = tables; t < tables + n_tables; t++)
		if (opt >= t->rows && opt < t->rows + t->n && t->holders &&
		    strlist_add(t->holders, path))
			return err_set(err, EF_FAILED, "out of memory");
	return 0;
}

void conf_doubt_files(const struct strlist *holders, void (*tell)(const char *text))
{
	char text[CONF_DOUBT_MAX];
	struct stat st;
	for (size_t i = 0; i < holders->n; i++) {
		if (stat(holders->item[i], &st) < 0 || !S_ISREG(st.st_mode) ||
		    !(st.st_mode & S_IROTH))
			continue;
		snprintf(text, sizeof(text),
			 "%.500s holds a secret, and everybody on this machine can read it: chmod "
			 "o-r %.300s",
			 holders->item[i], holders->item[i]);
		tell(text);
	}
}

/* ---- variables ---- */

/* What the programs' options begin with. A variable of one of these groups that is none of the
 * program at hand's is the other one's. */
static const char *const groups[] = { "CHECK", "DECODE",  "DICTIONARIES", "ELASTICSEARCH", "KIBANA",
				      "LOG",   "METRICS", "OUTPUT",       "SECCOMP",       "SETUP",
				      "SHIP",  "SPOOL",   "STATE",        "STOP",          "TCP",
				      "TEE",   "UDP" };
/* Those that are no options. */
static const char *const others[] = { "EF_CONFIG", "EF_CONFIG_DIR" };

/* The group that a variable's name begins with: its length behind EF_. */
static size_t group_of(const char *name)
{
	const char *at = name + strlen("EF_");
	return strcspn(at, "_=");
}

static bool is_group_of(const char *name, const char *option)
{
	size_t n = group_of(name);
	return n == group_of(option) && strncmp(name, option, strlen("EF_") + n) == 0;
}

static bool is_foreign(const char *name)
{
	size_t n = group_of(name);
	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++)
		if (strlen(groups[i]) == n && strncmp(name + strlen("EF_"), groups[i], n) == 0)
			return true;
	return false;
}

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* The distance of Levenshtein. */
static unsigned distance(const char *a, const char *b)
{
	unsigned row[CONF_NAME_MAX + 8], n = (unsigned)strlen(b);
	for (unsigned j = 0; j <= n; j++)
		row[j] = j;
	for (unsigned i = 1; a[i - 1]; i++) {
		unsigned before = row[0];
		row[0] = i;
		for (unsigned j = 1; j <= n; j++) {
			unsigned same = before + (a[i - 1] != b[j - 1]);
			before = row[j];
			row[j] = least(same, least(row[j], row[j - 1]) + 1);
		}
	}
	return row[n];
}

/* What is known of a variable that is looked at. */
struct near_name {
	const char *name;
	bool known, own; /* it is an option; it is of a group that the program has */
	unsigned far;
	char nearest[CONF_NAME_MAX + 8];
};

static void compare_option(struct near_name *s, const char *option)
{
	unsigned far = distance(s->name, option);
	s->known |= far == 0;
	s->own |= is_group_of(s->name, option);
	if (far >= s->far)
		return;
	s->far = far;
	snprintf(s->nearest, sizeof(s->nearest), "%s", option);
}

static void search_tables(struct near_name *s, const struct opt_table *tables, size_t n_tables)
{
	for (const struct opt_table *t = tables; t < tables + n_tables; t++)
		for (const struct opt *opt = t->rows; opt < t->rows + t->n; opt++) {
			char option[CONF_NAME_MAX + 8];
			if (opt->flag_only)
				continue;
			conf_env_name(opt, option);
			compare_option(s, option);
			if (opt->type != OPT_SECRET)
				continue;
			strncat(option, "_FILE", sizeof(option) - strlen(option) - 1);
			compare_option(s, option);
		}
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		compare_option(s, others[i]);
}

void conf_doubt_environment(const struct opt_table *tables, size_t n_tables, char **variables,
			    void (*tell)(const char *text))
{
	for (char **e = variables; *e; e++) {
		char name[CONF_NAME_MAX], text[CONF_DOUBT_MAX];
		size_t n = strcspn(*e, "=");
		if (strncmp(*e, "EF_", 3) != 0 || n >= sizeof(name))
			continue;
		snprintf(name, sizeof(name), "%.*s", (int)n, *e);
		struct near_name s = { .name = name, .far = UINT32_MAX };
		search_tables(&s, tables, n_tables);
		if (s.known || (!s.own && (is_foreign(name) || s.far > NEAR)))
			continue;
		snprintf(text, sizeof(text),
			 "the environment variable %s is no option and says nothing; is it %s?",
			 name, s.nearest);
		tell(text);
	}
}
