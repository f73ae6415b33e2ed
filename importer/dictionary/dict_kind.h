/* SPDX-License-Identifier: Apache-2.0
 * The kinds of dictionaries: their columns and the form they are compiled to, one const row
 * each. */
#ifndef EF_IMPORTER_DICT_KIND_H
#define EF_IMPORTER_DICT_KIND_H

#include <stdbool.h>
#include <stddef.h>

#define DICT_COLUMNS_MAX 16

enum dict_type {
	DICT_TEXT,     /* any text without control characters */
	DICT_WORD,     /* letters, digits, '.', '-', '_'; compared in lower case */
	DICT_COUNT,    /* whole number min…max */
	DICT_REAL,     /* number min…max */
	DICT_BOOL,     /* true or false */
	DICT_PREFIX,   /* IPv4 or IPv6 prefix or address */
	DICT_ADDRESS,  /* IPv4 or IPv6 address */
	DICT_SENDER,   /* a prefix or address; "address:port", "[address]:port", "address#domain" */
	DICT_EXPORTER, /* the same without prefixes */
	DICT_MAC,      /* MAC prefix */
	DICT_PORTS,    /* "443" or "8000-8010" */
	DICT_SERVES,   /* "5601 tcp/9200": ports, with or without a protocol */
};

struct dict_column {
	const char *name;
	enum dict_type type;
	bool key;      /* part of what identifies a row */
	bool required; /* must be there and filled */
	double min, max;
	const char *words; /* WORD: which ones there are, with spaces between; NULL: any */
};

enum dict_shape {
	DICT_SOURCE,     /* read by efctl, never compiled alone */
	DICT_LIST,       /* array of texts, by the number in column 0 */
	DICT_BITS,       /* the same, by the number of the bit in column 0 */
	DICT_MAP,        /* object, by the key columns */
	DICT_PATHS,      /* object: column 0 -> [column 1, the parts of column 2]; marks in 3 */
	DICT_ENDS,       /* object: "column 2_column 1" -> list of column 0, in the file's order */
	DICT_SERVICES,   /* packed ports */
	DICT_ADDRESSES,  /* table of prefixes */
	DICT_INTERFACES, /* table of senders, each with rows by the number in column 1 */
	DICT_APPLICATIONS, /* table of prefixes, each with ports */
	DICT_THREATS,      /* table of prefixes, rows of several feeds joined */
};

struct dict_kind {
	const char *name; /* NAME.csv, {dictionary: NAME}, flow-dict-NAME */
	const char *text; /* one line for people */
	enum dict_shape shape;
	const struct dict_column *column;
	size_t columns;
	const char
	    *value;      /* LIST, BITS: the column that goes in; MAP: the same, NULL: all of them */
	char separator;  /* MAP: between the key columns; 0 is '/' */
	const char *own; /* ADDRESSES: a column that differs in most rows, kept apart */
	bool inherits;   /* ADDRESSES: empty columns are those of the enclosing prefix */
	bool measures;   /* ADDRESSES: rows of IPv4 prefixes say their length, as `bits` */
	bool may_leave;  /* may live in pipelines of its own when it is large */
	bool discovered; /* sources of `efctl inventory` may fill it */
	bool seldom;     /* few documents have an answer: a filter stands before those pipelines */
};

extern const struct dict_kind dict_kinds[];
extern const size_t dict_kinds_len;

/* NULL when there is none of that name. */
const struct dict_kind *dict_kind_find(const char *name);
/* -1 when there is none. */
int dict_kind_column(const struct dict_kind *kind, const char *name);
/* "services, protocols, …" for messages; cut to `size`. */
void dict_kind_names(char *text, size_t size);

#endif
