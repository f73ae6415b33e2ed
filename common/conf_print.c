/* SPDX-License-Identifier: Apache-2.0
 * The option tables as text for people: --help, the commented YAML reference, the man page. */
#include "common/conf_print.h"

#include <ctype.h>
#include <stdarg.h>
#include <string.h>

#include "common/roff.h"

#define HELP_COLUMN 34
#define PAGE_WIDTH  98

static const char *arg_name(const struct opt *opt)
{
	static const char *const by_type[] = {
		[OPT_BOOL] = "",         [OPT_INT] = "NUMBER",  [OPT_SIZE] = "SIZE",
		[OPT_DURATION] = "TIME", [OPT_TEXT] = "TEXT",   [OPT_LIST] = "LIST",
		[OPT_ENUM] = "WORD",     [OPT_SECRET] = "FILE",
	};
	return opt->arg && opt->type != OPT_SECRET ? opt->arg : by_type[opt->type];
}

/* The length of the first sentence of the help. */
static size_t first_sentence(const char *help)
{
	const char *stop = strstr(help, ". ");
	return stop ? (size_t)(stop - help) + 1 : strlen(help);
}

/* Print `len` bytes of text in lines; continuation lines start with `indent`. `at` is the column
 * now. */
static void wrap(FILE *out, const char *text, size_t len, const char *indent, size_t at)
{
	const char *end = text + len;
	while (text < end) {
		size_t word = strcspn(text, " ");
		if (text + word > end)
			word = (size_t)(end - text);
		if (at + 1 + word > PAGE_WIDTH) {
			fprintf(out, "\n%s", indent);
			at = strlen(indent);
		} else if (at > strlen(indent)) {
			fputc(' ', out);
			at++;
		}
		fprintf(out, "%.*s", (int)word, text);
		at += word;
		text += word;
		while (text < end && *text == ' ')
			text++;
	}
}

static void help_line(FILE *out, const char *left, const char *help, size_t help_len)
{
	char indent[HELP_COLUMN + 1];
	memset(indent, ' ', HELP_COLUMN);
	indent[HELP_COLUMN] = '\0';
	if (strlen(left) < HELP_COLUMN)
		fprintf(out, "%-*s", HELP_COLUMN, left);
	else
		fprintf(out, "%s\n%s", left, indent);
	wrap(out, help, help_len, indent, HELP_COLUMN);
	fputc('\n', out);
}

/* The first sentence, and what counts when nobody says anything. */
static void print_help_of(FILE *out, const char *left, const struct opt *opt)
{
	char text[1024];
	const char *preset = opt->preset && *opt->preset ? opt->preset : NULL;
	snprintf(text, sizeof(text), "%.*s%s%s%s", (int)first_sentence(opt->help), opt->help,
		 preset ? " [" : "", preset ? preset : "", preset ? "]" : "");
	help_line(out, left, text, strlen(text));
}

void conf_print_help(FILE *out, const struct opt_table *tables, size_t n_tables)
{
	for (const struct opt_table *t = tables; t < tables + n_tables; t++) {
		fprintf(out, "\n%s:\n", t->title);
		for (const struct opt *opt = t->rows; opt < t->rows + t->n; opt++) {
			char flag[CONF_NAME_MAX], left[CONF_NAME_MAX + 64], letter[8] = "    ";
			conf_flag_name(opt, flag);
			if (opt->letter)
				snprintf(letter, sizeof(letter), "-%c, ", opt->letter);
			const char *arg = arg_name(opt);
			snprintf(left, sizeof(left), "  %s--%s%s%s%s%s ", letter, flag,
				 opt->type == OPT_SECRET ? "-file" : "",
				 opt->bare ? "[="
				 : *arg    ? " "
					   : "",
				 arg, opt->bare ? "]" : "");
			print_help_of(out, left, opt);
		}
	}
	fprintf(out, "\nAlways:\n");
	help_line(out, "  -c, --config FILE ", "Read the YAML configuration FILE, and no other.",
		  33);
	help_line(out, "  -h, --help ", "Show this text.", 15);
	help_line(out, "  -V, --version ", "Show the version.", 17);
}

/* How the default looks in the YAML file. */
static const char *yaml_default(const struct opt *opt)
{
	if (opt->preset)
		return *opt->preset ? opt->preset : "\"\"";
	switch (opt->type) {
	case OPT_BOOL:
		return "false";
	case OPT_INT:
	case OPT_SIZE:
	case OPT_DURATION:
		return "0";
	case OPT_LIST:
		return "[]";
	default:
		return "";
	}
}

static void yaml_option(FILE *out, const struct opt *opt, const char *key, int depth)
{
	char indent[32];
	snprintf(indent, sizeof(indent), "%*s# ", depth * 2, "");
	fprintf(out, "%s", indent);
	wrap(out, opt->help, strlen(opt->help), indent, strlen(indent));
	if (opt->type == OPT_ENUM) {
		fprintf(out, "\n%sOne of:", indent);
		for (int i = 0; opt->choices[i]; i++)
			fprintf(out, " %s", opt->choices[i]);
		fputc('.', out);
	}
	const char *value = yaml_default(opt);
	fprintf(out, "\n%*s#%s:%s%s\n", depth * 2, "", key, *value ? " " : "", value);
}

void conf_print_yaml(FILE *out, const struct opt_table *tables, size_t n_tables)
{
	fprintf(out, "# Every option with its default. A line without the leading '#' sets it.\n"
		     "# ${NAME} is replaced by an environment variable. Durations: ms s m h d. "
		     "Sizes: k M G.\n");
	char group[CONF_NAME_MAX] = "";
	for (const struct opt_table *t = tables; t < tables + n_tables; t++) {
		for (const struct opt *opt = t->rows; opt < t->rows + t->n; opt++) {
			if (opt->flag_only)
				continue;
			const char *dot = strrchr(opt->name, '.');
			size_t n = dot ? (size_t)(dot - opt->name) : 0;
			fputc('\n', out);
			if (strlen(group) != n || strncmp(group, opt->name, n) != 0) {
				snprintf(group, sizeof(group), "%.*s", (int)n, opt->name);
				if (n)
					fprintf(out, "%s:\n", group);
			}
			yaml_option(out, opt, dot ? dot + 1 : opt->name, dot ? 1 : 0);
		}
	}
}

/* A line of its own below an option's text. */
__attribute__((format(printf, 2, 3))) static void man_line(FILE *out, const char *fmt, ...)
{
	char text[1024];
	va_list args;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	fprintf(out, ".br\n");
	roff_text(out, text);
}

void conf_print_man(FILE *out, const struct opt_table *tables, size_t n_tables)
{
	for (const struct opt_table *t = tables; t < tables + n_tables; t++) {
		fprintf(out, ".SS %s\n", t->title);
		for (const struct opt *opt = t->rows; opt < t->rows + t->n; opt++) {
			char flag[CONF_NAME_MAX], env[CONF_NAME_MAX], name[CONF_NAME_MAX + 8];
			conf_flag_name(opt, flag);
			conf_env_name(opt, env);
			snprintf(name, sizeof(name), "%s%s", flag,
				 opt->type == OPT_SECRET ? "-file" : "");
			roff_option(out, opt->letter, name, arg_name(opt), opt->bare != NULL);
			roff_text(out, opt->help);
			if (opt->preset && *opt->preset)
				man_line(out, "Default: %s.", opt->preset);
			if (!opt->flag_only)
				man_line(out, "YAML: %s. Environment: %s.%s", opt->name, env,
					 opt->reloads ? " Reloaded on SIGHUP." : "");
		}
	}
}
