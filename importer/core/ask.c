/* SPDX-License-Identifier: Apache-2.0
 * Asks the person at the terminal. */
#include "importer/core/ask.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "importer/core/print.h"

bool ask_can(void)
{
	return isatty(STDIN_FILENO) == 1;
}

bool ask_line(const char *question, char *answer, size_t size)
{
	fflush(stdout);
	print_lines(stderr, question);
	if (!fgets(answer, (int)size, stdin)) {
		fputc('\n', stderr); /* the cursor stands behind the question */
		clearerr(stdin);     /* who did not answer this one may answer the next */
		return false;
	}
	answer[strcspn(answer, "\r\n")] = '\0';
	return true;
}

bool ask_yes(const char *question)
{
	char answer[16];
	return ask_line(question, answer, sizeof(answer)) &&
	       (strcasecmp(answer, "y") == 0 || strcasecmp(answer, "yes") == 0);
}
