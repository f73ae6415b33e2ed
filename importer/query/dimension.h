/* SPDX-License-Identifier: Apache-2.0
 * What flows can be ranked by: names that people use, and the fields of docs/fields.md behind
 * them. */
#ifndef EF_IMPORTER_DIMENSION_H
#define EF_IMPORTER_DIMENSION_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "common/err.h"

/* A row of the table. A '%' in a field stands for the ends of a flow: `client` and `server`, or
 * `ingress` and `egress` where `ports` is set; what is at either end counts for the value. */
struct dimension {
	const char *name, *also; /* `also`: another name of it, or NULL */
	const char *title;       /* of the column */
	const char *none;        /* what the row of records without a value is called */
	const char *fields[3];
	const char *label; /* field with a name for the value, or NULL */
	bool number, ip;   /* type of the (only) field; else keyword */
	bool many;         /* a record may have several values */
	bool ports, interface;
};
extern const struct dimension dimensions[];
extern const size_t dimensions_len;

#define SUBJECT_FIELDS 6
#define SUBJECT_FIELD  64

enum subject_kind { SUBJECT_TEXT, SUBJECT_NUMBER, SUBJECT_ADDRESS };

/* One end at which a value may stand. */
struct subject_side {
	char field[SUBJECT_FIELDS][SUBJECT_FIELD];
	char label[SUBJECT_FIELD]; /* "": none */
	/* what the value's end sent and received, and where `whole` is not set its packets */
	const char *sent, *received, *packets_sent, *packets_received;
	const char *peer; /* whose different values are its peers */
};

/* What is ranked: one dimension or several together. */
struct subject {
	char title[200], none[200];
	const char *sent, *received; /* titles of these columns */
	const char *peers;
	size_t sides, fields;
	enum subject_kind kind[SUBJECT_FIELDS];
	struct subject_side side[2];
	bool whole; /* network.bytes and network.packets are what counts; else sent and received */
	bool many;  /* a record may count for several values of one side */
	bool named[SUBJECT_FIELDS]; /* field i was named itself, and is none of our dimensions */
};

/* The subject of "hosts" or "clients,services"; `client-as` and the like are one end of a dimension
 * that has two, and a name with a dot is a field. EF_USAGE suggests a name. */
int subject_parse(const char *names, struct subject *ret, struct err *err);

/* Whether `word` is such a list of names: what else may stand in its place is a filter. */
bool subject_is(const char *word);

/* A query for the records that have no value at any side; the caller's. */
json_t *subject_none(const struct subject *s);

/* "alpha → beta, dns" of a key, an array of values, in `text`; returns it. */
#define SUBJECT_TEXT_MAX 1024
const char *subject_text(const struct subject *s, const json_t *key, char text[SUBJECT_TEXT_MAX]);

#endif
