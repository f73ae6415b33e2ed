/* SPDX-License-Identifier: Apache-2.0
 * Which of the user's dictionaries count: his files here, or the copies of them beside the record.
 */
#ifndef EF_IMPORTER_REMEMBER_TABLES_H
#define EF_IMPORTER_REMEMBER_TABLES_H

#include <jansson.h>
#include <stdbool.h>

#include "common/err.h"
#include "importer/client/app.h"
#include "importer/record/record.h"

struct es;

/* Where nobody named a directory: the one of before, if this is that host. */
int remember_dir(struct app *app, const struct record *r, struct err *err);

/* Whether --reset gives the user's tables up. */
bool remember_tables_reset(const struct app *app);

/* How remember_tables() decides, and what it tells. */
struct tables_told {
	bool strict;             /* as above */
	bool local;              /* files of the usual directory count on any host */
	json_t *changes, *notes; /* as above */
	/* gets a text for each file that was deleted among others, which then counts no more; NULL:
	 * their copies count */
	json_t *lost;
	json_t *gone; /* gets their names, whether they count or not */
};

/*
 * Which of the user's dictionaries count: those of the directory that somebody named; else those of
 * the directory of before, if this is that host and it is there, and for all others that the record
 * knows their copies; the usual directory counts while the record knows of none. Copies count also
 * where a directory lost all that came from it. `ret_copies` is a folder with them, or NULL;
 * remember_no_copies() deletes it. The record gets what counts.
 */
int remember_tables(struct app *app, struct es *es, struct record *r,
		    const struct tables_told *told, char **ret_copies, struct err *err);

/* As remember_back(), of the user's tables: `copied` is what recall_note() told of the record. */
void remember_tables_back(const struct app *app, const struct record *r, const json_t *copied,
			  json_t *list);

void remember_no_copies(char *folder_take);

#endif
