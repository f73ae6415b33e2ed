/* SPDX-License-Identifier: Apache-2.0
 * What is odd around the settings, and no error: secrets that everybody can read, variables that
 * look like options and are none. */
#include "common/conf_doubt.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "common/buf.h"
#include "common/conf_gone.h"
#include "common/shell.h"

#define HOLDER_MAX 65536 /* bytes of a line about a file */
#define NEAR       3     /* so many letters more, less or others make another word of one */

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
	struct stat st;
	for (size_t i = 0; i < holders->n; i++) {
		if (stat(holders->item[i], &st) < 0 || !S_ISREG(st.st_mode) ||
		    !(st.st_mode & S_IROTH))
			continue;
		CLEANUP_BUF struct buf text;
		buf_init(&text, HOLDER_MAX);
		if (buf_add_fmt(&text,
				"%s holds a secret, and everybody on this machine can read it: "
				"chmod o-r ",
				holders->item[i]) == 0 &&
		    shell_add_word(&text, holders->item[i]) == 0)
			tell(text.data);
	}
}

/* ---- variables ---- */

/* Those that are no options. */
static const char *const others[] = { "EF_CONFIG", "EF_CONFIG_DIR" };

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* How many letters more, less, others, or the other way round make `b` of `a`: Levenshtein's
 * distance with neighbours that change places (Damerau). */
static unsigned distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
	unsigned row[3][CONF_NAME_MAX + 8];
	for (size_t i = 0; i <= a_len; i++) {
		unsigned *now = row[i % 3], *last = row[(i + 2) % 3], *before = row[(i + 1) % 3];
		now[0] = (unsigned)i;
		for (size_t j = 1; j <= b_len; j++) {
			now[j] = i ? least(least(last[j], now[j - 1]) + 1,
					   last[j - 1] + (a[i - 1] != b[j - 1]))
				   : (unsigned)j;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				now[j] = least(now[j], before[j - 2] + 1);
		}
	}
	return row[a_len % 3][b_len];
}

/* What is known of a variable that is looked at. */
struct near_name {
	const char *name;
	bool known, own; /* it is an option; it is of a group that the program has */
	unsigned far;
	char nearest[CONF_NAME_MAX + 8];
};

/* The first words behind EF_, which are the options' groups, are compared first: short ones of the
 * two programs (UDP, LOG, TEE) are hardly different, and what is another's is none of ours. */
static void compare_option(struct near_name *s, const char *option)
{
	const char *its = s->name + strlen("EF_"), *ours = option + strlen("EF_");
	size_t its_len = strcspn(its, "_"), len = strcspn(ours, "_");
	unsigned apart = distance(its, its_len, ours, len);
	s->own |= apart == 0;
	if (apart > 1 && apart > len / 3)
		return;
	unsigned far = distance(s->name, strlen(s->name), option, strlen(option));
	s->known |= far == 0;
	if (apart == 0 && far && strncmp(option, s->name, strlen(s->name)) == 0)
		far = 1; /* what it begins with is more like it than what is as long */
	if (far >= s->far)
		return;
	s->far = far;
	snprintf(s->nearest, sizeof(s->nearest), "%s", option);
}

/* A variable that is called as a flag is: EF_URL, EF_API_KEY_FILE. */
static void compare_flag(struct near_name *s, const struct opt *opt, const char *option)
{
	const char *its = s->name + strlen("EF_"), *flag = opt->flag;
	for (; flag && *flag && *its == (*flag == '-' ? '_' : toupper((unsigned char)*flag));
	     flag++)
		its++;
	bool is_file = opt->type == OPT_SECRET && strcmp(its, "_FILE") == 0;
	if (!flag || *flag || (*its && !is_file) || strcmp(s->name, option) == 0)
		return;
	s->own = true;
	s->far = 0;
	snprintf(s->nearest, sizeof(s->nearest), "%s%s", option, its);
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
			compare_flag(s, opt, option);
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
		if (s.known || (!s.own && s.far > NEAR))
			continue;
		const char *instead = conf_gone(name + 3, strlen(name + 3));
		if (instead)
			snprintf(text, sizeof(text),
				 "the environment variable %s is no option any more and says "
				 "nothing; use %s",
				 name, instead);
		else
			snprintf(text, sizeof(text),
				 "the environment variable %s is no option and says nothing; is "
				 "it %s?",
				 name, s.nearest);
		tell(text);
	}
}
