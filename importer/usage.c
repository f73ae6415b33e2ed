/* SPDX-License-Identifier: Apache-2.0
 * Help, man page and shell completion, printed from the table of commands and the tables of
 * options. */
#include "importer/usage.h"

#include <stdio.h>
#include <string.h>

#include "common/conf_print.h"
#include "common/roff.h"
#include "importer/core/version.h"
#include "importer/settings_read.h"

static void print_commands(FILE *out)
{
	for (size_t i = 0; i < commands_len; i++)
		fprintf(out, "  %-14s %s\n", commands[i].name, commands[i].text);
}

void usage_program(FILE *out)
{
	fprintf(out, "Usage: efctl COMMAND [OPTION…] [OPERAND…]\n\n"
		     "Sets Elasticsearch and Kibana up for network flows, replays captures, and "
		     "tells how it goes.\n\n"
		     "Commands:\n");
	print_commands(out);
	fprintf(out, "\n`efctl COMMAND --help` lists the options of a command. Exit codes: 0 done, "
		     "1 failed, 2 usage or\n"
		     "configuration, 3 differences found, 4 server unreachable.\n");
}

void usage_command(FILE *out, const struct command *command)
{
	struct app app;
	struct settings_tables tables;
	memset(&app, 0, sizeof(app));
	settings_tables(&app, command, &tables);
	fprintf(out, "Usage: efctl %s [OPTION…]%s%s\n\n%s.\n", command->name,
		*command->args ? " " : "", command->args, command->text);
	size_t n = 0;
	for (size_t i = 0; i < tables.n; i++)
		if (tables.group[i] == 0 || tables.group[i] & command->uses)
			tables.table[n++] = tables.table[i];
	conf_print_help(out, tables.table, n);
}

int cmd_help(struct app *app, struct err *err)
{
	if (app->args.n == 0) {
		usage_program(stdout);
		return EF_DONE;
	}
	if (strcmp(app->args.item[0], "config") == 0) {
		struct settings_tables tables;
		settings_tables(app, NULL, &tables);
		conf_print_yaml(stdout, tables.table, tables.n);
		return EF_DONE;
	}
	if (strcmp(app->args.item[0], "man") == 0) {
		usage_man(stdout);
		return EF_DONE;
	}
	const struct command *command = command_find(app->args.item[0]);
	if (!command)
		return err_set(
		    err, EF_USAGE,
		    "there is no command '%s'; `efctl help` lists them, `efctl help config` "
		    "prints the configuration file, `efctl help man` the man page",
		    app->args.item[0]);
	usage_command(stdout, command);
	return EF_DONE;
}

static void man_command(FILE *out, const struct command *command)
{
	fprintf(out, ".SS %s\n\\fBefctl %s\\fR [\\fIOPTION\\fR...]%s", command->name, command->name,
		*command->args ? " " : "\n");
	if (*command->args)
		roff_text(out, command->args);
	fprintf(out, ".PP\n");
	char text[CONF_NAME_MAX + 256];
	snprintf(text, sizeof(text), "%s.", command->text);
	roff_text(out, text);
	for (const struct opt *const *o = command->options; *o; o++) {
		roff_option(out, (*o)->letter, (*o)->name, (*o)->arg ? (*o)->arg : "",
			    (*o)->bare != NULL);
		roff_text(out, (*o)->help);
	}
}

void usage_man(FILE *out)
{
	fprintf(
	    out,
	    ".TH EFCTL 1 \"\" \"efctl %s\"\n.SH NAME\nefctl \\- set up Elasticsearch for network "
	    "flows, ask them, replay captures\n"
	    ".SH SYNOPSIS\n.B efctl\n.I COMMAND\n[\\fIOPTION\\fR...] "
	    "[\\fIOPERAND\\fR...]\n.SH DESCRIPTION\n",
	    version_own);
	roff_text(out,
		  "Installs what network flows need in Elasticsearch or OpenSearch and in Kibana, "
		  "keeps it up to date, says what is wrong there, asks the flows, and replays "
		  "captures. The daemon that receives flows is efd(8).");
	fprintf(out, ".SH COMMANDS\n");
	for (size_t i = 0; i < commands_len; i++)
		man_command(out, &commands[i]);
	fprintf(out, ".SH OPTIONS\n");
	roff_text(out, "These are settings: each is a path in the configuration file, an "
		       "environment variable and a flag; the later one wins. The cluster "
		       "remembers what setup was told (setup).");
	struct app app;
	struct settings_tables tables;
	memset(&app, 0, sizeof(app));
	settings_tables(&app, NULL, &tables);
	roff_option(out, 'c', "config", "FILE", 0);
	roff_text(out, "Read this configuration file, and no other.");
	conf_print_man(out, tables.table, tables.n);
	fprintf(out, ".SH EXIT STATUS\n.IP 0 4\nDone.\n.IP 1\nIt failed.\n.IP 2\nUsage or "
		     "configuration.\n.IP 3\nDifferences were found.\n.IP 4\nThe server cannot be "
		     "reached.\n.SH SEE ALSO\n.BR efd (8)\n");
}

int cmd_completion(struct app *app, struct err *err)
{
	(void)app;
	(void)err;
	printf("# bash completion of efctl: source this, or put it into "
	       "/usr/share/bash-completion/completions/efctl\n"
	       "_efctl()\n{\n\tlocal cur=${COMP_WORDS[COMP_CWORD]} words=\n"
	       "\tif [ \"$COMP_CWORD\" = 1 ]; then\n\t\twords='");
	for (size_t i = 0; i < commands_len; i++)
		printf("%s%s", i ? " " : "", commands[i].name);
	printf("'\n\telse case ${COMP_WORDS[1]} in\n");
	for (size_t i = 0; i < commands_len; i++) {
		printf("\t%s) words='", commands[i].name);
		for (const struct opt *const *o = commands[i].options; *o; o++)
			printf("--%s ", (*o)->name);
		for (const char *p = commands[i].args; *p;
		     p++) /* [talkers|services] are words, FILE is not */
			if (strchr(commands[i].args, '|') &&
			    (*p == '|' || (*p >= 'a' && *p <= 'z')))
				putchar(*p == '|' ? ' ' : *p);
		printf("'\n\t\t;;\n");
	}
	printf("\tesac; fi\n\tCOMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n}\ncomplete -o "
	       "default -F _efctl efctl\n");
	return EF_DONE;
}
