/* SPDX-License-Identifier: Apache-2.0
 * Manual pages in roff: paragraphs of text and of options. */
#include "common/roff.h"

#include <string.h>

#define LINE 78

/* Hyphens of flags are minus signs: what a reader copies is what a shell takes. */
static void escaped(FILE *out, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '\\')
			fprintf(out, "\\e");
		else if (text[i] == '-' && text[i + 1] == '-')
			fprintf(out, "\\-\\-"), i++;
		else
			fputc(text[i], out);
	}
}

void roff_text(FILE *out, const char *text)
{
	size_t column = 0;
	for (text += strspn(text, " \n"); *text; text += strspn(text, " \n")) {
		size_t len = strcspn(text, " \n");
		int begins = column == 0 || column + 1 + len > LINE;
		if (column)
			fputc(begins ? '\n' : ' ', out);
		if (begins && (*text == '.' || *text == '\''))
			fprintf(out, "\\&");
		escaped(out, text, len);
		column = begins ? len : column + 1 + len;
		text += len;
	}
	fputc('\n', out);
}

void roff_option(FILE *out, char letter, const char *flag, const char *arg, int bare)
{
	fprintf(out, ".TP\n");
	if (letter)
		fprintf(out, "\\fB\\-%c\\fR, ", letter);
	fprintf(out, "\\fB\\-\\-");
	for (; *flag; flag++)
		fprintf(out, *flag == '-' ? "\\-" : "%c", *flag);
	fprintf(out, "\\fR");
	if (*arg)
		fprintf(out, "%s\\fI%s\\fR%s", bare ? "[=" : " ", arg, bare ? "]" : "");
	fputc('\n', out);
}
