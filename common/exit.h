/* SPDX-License-Identifier: Apache-2.0
 * The exit codes of efd and efctl: the one list. */
#ifndef EF_COMMON_EXIT_H
#define EF_COMMON_EXIT_H

enum ef_exit {
	EF_DONE = 0,        /* what was asked for is done */
	EF_FAILED = 1,      /* it was tried and failed; the message says why */
	EF_USAGE = 2,       /* the command line, the configuration or an input file is wrong */
	EF_DIFFERENT = 3,   /* a check or a dry run found differences */
	EF_UNREACHABLE = 4, /* no answer from Elasticsearch or Kibana */
};

#endif
