/* SPDX-License-Identifier: Apache-2.0
 * The words of the filter language: what may stand before each, what follows it, and which fields
 * of a document it asks. */
#ifndef EF_IMPORTER_WORDS_H
#define EF_IMPORTER_WORDS_H

#include "importer/query/parser.h"

/* What may stand before a word (`src port`). */
enum {
	Q_SRC = 1,
	Q_DST = 2,
	Q_BOTH = 4, /* src and dst; src or dst is Q_SRC | Q_DST */
	Q_IN = 8,
	Q_OUT = 16,
	Q_PREV = 32,
	Q_NEXT = 64,
	Q_BGP = 128,
	Q_ROUTER = 256,
	Q_NAT = 512,
	Q_TUN = 1024,
	Q_CLIENT = 2048,
	Q_SERVER = 4096,
	Q_APP = 8192,
	Q_MIN = 16384,
	Q_MAX = 32768,
};

/* What follows a word. */
enum operand_kind {
	TAKES_NUMBER,  /* up to `max`, with a comparison or a list; a record without it has 0 */
	TAKES_ID,      /* the same, kept as text: equal or in a list */
	TAKES_ADDRESS, /* or a list of addresses and networks */
	TAKES_NETWORK, /* address/bits, or address mask */
	TAKES_MAC,
	TAKES_NAME,    /* a text or a list; * in it is any characters, and alone any value */
	TAKES_COUNTRY, /* two letters */
	TAKES_OWN,     /* what `read` makes of it */
};

#define WORD_FIELDS 4

struct word_row {
	const char *word;
	unsigned qualifiers;
	enum operand_kind takes;
	const char *fields[WORD_FIELDS]; /* any of them */
	long long max;
	/* TAKES_OWN: reads what follows and sets *ret_node; -1 with p->err */
	int (*read)(struct parser *p, const struct word_row *row, struct node **ret_node);
};

extern const struct word_row word_rows[];
extern const size_t word_rows_len;

/* The row of a word with exactly these qualifiers (none: that of both ends), or NULL. */
const struct word_row *word_find(const char *word, unsigned qualifiers);
/* Whether any row has it. */
bool word_exists(const char *word);
/* The bit of a word that is a qualifier, or 0. */
unsigned word_qualifier(const char *word);
/* The qualifiers as they are written, with blanks between them, or ""; returns `text`. */
#define WORD_QUALIFIERS_MAX 64
const char *word_qualifiers_text(unsigned qualifiers, char text[WORD_QUALIFIERS_MAX]);

/* The word that was meant by one that is none, or NULL where none is near. */
const char *word_near(const char *word);

#endif
