/* SPDX-License-Identifier: Apache-2.0
 * The options of efd as text for people: --help, the commented YAML reference, the man page. */
#include "forwarder/settings_print.h"

#include "common/conf_dir.h"
#include "common/conf_print.h"
#include "common/roff.h"
#include "forwarder/settings.h"

void settings_print_help(FILE *out)
{
	struct settings s = { 0 };
	struct opt_table tables[SETTINGS_TABLES];
	settings_options(&s, tables);
	fputs("usage: efd [option…]\n\n"
	      "Receives NetFlow, IPFIX and sFlow, decodes each record into a JSON line and ships "
	      "it to\n"
	      "Elasticsearch. Options are read from " CONF_DIR "/conf.d/*.yml and " CONF_DIR
	      "/" EFD_CONFIG "\n(-c FILE in place of them), the environment and the command line, "
	      "the later one wins.\n\n",
	      out);
	conf_print_help(out, tables, SETTINGS_TABLES);
}

void settings_print_reference(FILE *out)
{
	struct settings s = { 0 };
	struct opt_table tables[SETTINGS_TABLES];
	settings_options(&s, tables);
	conf_print_yaml(out, tables, SETTINGS_TABLES);
}

static const char man_head[] =
    ".SH NAME\nefd \\- receive network flow records and ship them to Elasticsearch\n"
    ".SH SYNOPSIS\n.B efd\n[\\fB\\-c\\fR \\fIFILE\\fR] [\\fIOPTION\\fR...]\n"
    ".SH DESCRIPTION\n"
    "Receives NetFlow 1, 5, 6, 7 and 9, IPFIX and sFlow 5 over UDP (IPFIX over TCP\n"
    "too), decodes each record into one JSON line and ships it to Elasticsearch or\n"
    "OpenSearch with bulk requests.\n"
    "Batches that the cluster does not take are kept in a spool directory.\n"
    "What a value means is decided by the ingest pipelines that\n.BR efctl (1)\ninstalls.\n"
    ".SH OPTIONS\n"
    "Every option is a path in the YAML file, an environment variable and a flag;\n"
    "the later one wins.\n"
    "Files are those of " CONF_DIR "/conf.d that end in .yml, by name, and then\n" CONF_DIR
    "/" EFD_CONFIG ";\nthe environment variable EF_CONFIG_DIR names another folder than " CONF_DIR
    ".\n";

static const char man_tail[] =
    ".SH SIGNALS\n"
    ".TP\n.B SIGTERM, SIGINT\nStop: what was received is shipped or spooled first.\n"
    ".TP\n.B SIGHUP\n"
    "Read the settings again; options marked as reloaded take effect, for others a\n"
    "message says that a restart is needed.\nAn output file is reopened.\n"
    ".TP\n.B SIGUSR1\nReopen the output file.\n"
    ".SH EXIT STATUS\n.IP 0 4\nDone.\n.IP 1\n"
    "It failed, and a later try may go well: a port in use, an address or a file\n"
    "that is not there.\n.IP 2\nA mistake in the settings, which no waiting cures.\n.PP\n"
    "With\n.BR \\-\\-check\\-output :\n"
    "0 it would take data; 1 not now; 2 the credentials are refused, or somebody\n"
    "else answers; 3 the cluster lacks\n.BR \"efctl setup\" ,\n"
    "or a data stream is without effect; 4 nobody answers.\n"
    ".SH SEE ALSO\n.BR efctl (1)\n";

void settings_print_man(FILE *out)
{
	struct settings s = { 0 };
	struct opt_table tables[SETTINGS_TABLES];
	settings_options(&s, tables);
	fprintf(out, ".TH EFD 8 \"\" \"efd %s\"\n%s", EF_VERSION, man_head);
	roff_option(out, 'c', "config", "FILE", 0);
	roff_text(out, "Read this file, and none of those.");
	conf_print_man(out, tables, SETTINGS_TABLES);
	fprintf(out, "%s", man_tail);
}
