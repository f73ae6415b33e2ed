/* SPDX-License-Identifier: Apache-2.0
 * efctl dictionaries import: other people's files to the CSV of a dictionary. */
#ifndef EF_IMPORTER_IMPORT_H
#define EF_IMPORTER_IMPORT_H

#include <jansson.h>
#include <stdio.h>

#include "common/conf.h"
#include "common/err.h"
#include "importer/dictionary/import_row.h"

/* What `import` knows: the name of the format, the header of the CSV, and the reader of a file. */
struct import_format {
	const char *name;
	const char *text;
	const char *header;
	int (*read)(struct import *im, const char *path, struct err *err);
};
extern const struct import_format import_formats[];
extern const size_t import_formats_len;

/*
 * Networks of an MMDB file; `fields` are "column=path" with the columns of networks.csv
 * ("country=country.iso_code"). Neighbours with the same values are joined. Writes the header, too.
 */
int import_mmdb(struct import *im, const char *path, const struct strlist *fields, struct err *err);

#endif
