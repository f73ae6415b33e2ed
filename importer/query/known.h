/* SPDX-License-Identifier: Apache-2.0
 * Whether what a question names is there: the data stream, and fields that it says itself. */
#ifndef EF_IMPORTER_KNOWN_H
#define EF_IMPORTER_KNOWN_H

#include "importer/query/dimension.h"
#include "importer/query/query.h"

/* A field that an option or operand names. */
struct known_field {
	const char *where; /* "--sort": how a message begins */
	const char *name;
	bool values; /* it has to have some, to sort or rank by */
};
#define KNOWN_MAX 80

/* Whether our mapping has all fields that `q` and `more` (of `n`) name: then a request can be
 * printed without a cluster. */
bool known_is_ours(const struct query *q, const struct known_field *more, size_t n);

/*
 * Asks the cluster, with one request (_field_caps). EF_FAILED: no such data stream is there, and
 * the message says which are. EF_USAGE: no record can have one of the fields; one is suggested. The
 * filter of `q` is read once more, with the types that these fields have.
 */
int known_check(const struct app *app, struct es *es, struct query *q,
		const struct known_field *more, size_t n, struct err *err);

/* Puts the fields that a subject names itself into `more` (of KNOWN_MAX), behind the `n` that are
 * there; how many there are then. */
size_t known_of_subject(const struct subject *s, const char *where, struct known_field *more,
			size_t n);

#endif
