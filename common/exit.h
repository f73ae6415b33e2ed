/* SPDX-License-Identifier: Apache-2.0
 * The exit codes of efd and efctl: the one list. */
#ifndef EF_COMMON_EXIT_H
#define EF_COMMON_EXIT_H

enum ef_exit {
	EF_DONE = 0, /* what was asked for is done */
	/* It was tried and failed; the message says why. Later it may go well: a port in use, a
	 * file that is not there yet. systemd starts efd again. */
	EF_FAILED = 1,
	/* The command line, the configuration or an input file is wrong, which no waiting cures:
	 * systemd leaves efd alone. */
	EF_USAGE = 2,
	EF_DIFFERENT = 3,   /* a check or a dry run found differences */
	EF_UNREACHABLE = 4, /* no answer from Elasticsearch or Kibana */
};

#endif
