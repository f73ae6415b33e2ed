/* SPDX-License-Identifier: Apache-2.0
 * Records as text: a table for a terminal, CSV, JSON, NDJSON. */
#include "importer/flows_print.h"

#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "importer/core/memory.h"
#include "importer/core/print.h"
#include "importer/core/table.h"
#include "importer/flows_columns.h"
#include "importer/query/pick.h"
#include "importer/query/rows.h"

const char *const flows_formats[] = {
	[FLOWS_TABLE] = "table",
	[FLOWS_CSV] = "csv",
	[FLOWS_JSON] = "json",
	[FLOWS_NDJSON] = "ndjson",
	NULL,
};

struct flows_printer {
	enum flows_format format;
	bool wide, begun;
	int terminal; /* its columns, 0: any */
	size_t n;
	struct flows_column column[FLOWS_COLUMNS_MAX]; /* of a table or CSV */
	int width[FLOWS_COLUMNS_MAX];
	bool asked;            /* fields were named: JSON has only these */
	struct picker *picker; /* of CSV */
	const char *field[FLOWS_COLUMNS_MAX];
};

static void printer_add(struct flows_printer *printer, const char *field)
{
	if (printer->n < FLOWS_COLUMNS_MAX)
		printer->column[printer->n++] =
		    (struct flows_column){ .title = field, .fields = { field } };
}

struct flows_printer *flows_printer_new(enum flows_format format, const struct strlist *fields,
					bool wide, int width)
{
	struct flows_printer *printer = calloc(1, sizeof(*printer));
	if (!printer)
		memory_out();
	printer->format = format;
	printer->wide = wide;
	printer->terminal = wide ? 0 : width;
	printer->asked = fields->n > 0;
	for (size_t i = 0; i < fields->n; i++)
		printer_add(printer, fields->item[i]);
	for (const char *const *f = flows_csv; !fields->n && format == FLOWS_CSV && *f; f++)
		printer_add(printer, *f);
	for (const struct flows_column *c = flows_table;
	     !fields->n && format == FLOWS_TABLE && c->title; c++)
		if (wide || !c->wide)
			printer->column[printer->n++] = *c;
	for (size_t i = 0; i < printer->n; i++)
		printer->field[i] = printer->column[i].fields[0];
	if (format == FLOWS_CSV)
		printer->picker = picker_new(printer->field, printer->n);
	return printer;
}

void flows_printer_free(struct flows_printer *printer)
{
	if (printer)
		picker_free(printer->picker);
	free(printer);
}

json_t *flows_printer_fields(const struct flows_printer *printer)
{
	if (!printer->n)
		return NULL;
	json_t *fields = json_array();
	for (size_t i = 0; i < printer->n; i++)
		for (size_t k = 0; k < FLOWS_FIELDS && printer->column[i].fields[k]; k++)
			json_array_append_new(fields, json_string(printer->column[i].fields[k]));
	return fields;
}

/* The caller's. */
static char *cell_text(const struct flows_column *column, const json_t *doc)
{
	char text[FLOWS_TEXT_MAX];
	if (!column->text)
		return flows_value_text(flows_value(doc, column->fields[0]));
	char *copy = strdup(column->text(doc, text));
	if (!copy)
		memory_out();
	return copy;
}

static int table_width(const struct flows_printer *printer)
{
	int sum = 0;
	for (size_t i = 0; i < printer->n; i++)
		sum += printer->width[i] + (i ? 2 : 0);
	return sum;
}

static void column_drop(struct flows_printer *printer, size_t at)
{
	memmove(&printer->column[at], &printer->column[at + 1],
		(printer->n - at - 1) * sizeof(printer->column[0]));
	memmove(&printer->width[at], &printer->width[at + 1],
		(printer->n - at - 1) * sizeof(printer->width[0]));
	printer->n--;
}

/* Leaves columns out until the others fit, and those with nothing in them
 * anyway. */
static void table_fit(struct flows_printer *printer, const bool *empty)
{
	bool fits = false;
	for (size_t i = printer->n; i-- > 0;)
		if (empty[i] && !printer->asked && !printer->wide && printer->n > 1)
			column_drop(printer, i);
	while (!fits && printer->terminal && table_width(printer) > printer->terminal) {
		size_t spare = 0;
		for (size_t i = 1; i < printer->n; i++)
			if (printer->column[i].spare > printer->column[spare].spare)
				spare = i;
		fits = printer->column[spare].spare == 0;
		if (!fits)
			column_drop(printer, spare);
	}
}

static void table_begin(struct flows_printer *printer, const json_t *docs)
{
	bool empty[FLOWS_COLUMNS_MAX];
	size_t k;
	const json_t *doc;
	for (size_t i = 0; i < printer->n; i++) {
		printer->width[i] = (int)text_width(printer->column[i].title);
		empty[i] = true;
		json_array_foreach (docs, k, doc) {
			CLEANUP_FREE char *text = cell_text(&printer->column[i], doc);
			const int width = (int)text_width(text);
			empty[i] &= width == 0;
			if (width > printer->width[i])
				printer->width[i] = width > 60 ? 60 : width;
		}
	}
	table_fit(printer, empty);
}

/* The last column is as long as it likes; no line ends with blanks. */
static void table_cell(const struct flows_printer *printer, FILE *out, size_t i, const char *text)
{
	const bool last = i + 1 == printer->n;
	const int width = (int)text_width(text);
	if (i)
		print_plain(out, "  ");
	if (last && !printer->column[i].right)
		print_plain(out, "%s", text);
	else
		print_cell(out, text, width > printer->width[i] ? width : printer->width[i],
			   printer->column[i].right);
}

static json_t *value_read(const char *json, size_t len, struct err *err)
{
	json_error_t why;
	json_t *value = json_loadb(json, len, JSON_DECODE_ANY | JSON_ALLOW_NUL, &why);
	if (!value)
		err_set(err, EF_FAILED, "a record cannot be read (%.100s); --format ndjson has it",
			why.text);
	return value;
}

static size_t table_print(struct flows_printer *printer, FILE *out,
			  const struct pages_record *records, size_t n, struct err *err)
{
	CLEANUP_JSON json_t *docs = json_array();
	size_t k;
	const json_t *doc;
	for (k = 0; k < n; k++)
		if (json_array_append_new(docs, value_read(records[k].json, records[k].len, err)))
			return 0;
	if (!printer->begun) {
		table_begin(printer, docs);
		for (size_t i = 0; i < printer->n; i++)
			table_cell(printer, out, i, printer->column[i].title);
		fputc('\n', out);
	}
	json_array_foreach (docs, k, doc) {
		for (size_t i = 0; i < printer->n; i++) {
			CLEANUP_FREE char *text = cell_text(&printer->column[i], doc);
			table_cell(printer, out, i, text);
		}
		fputc('\n', out);
	}
	return n;
}

/* Numbers and texts without escapes stand in CSV as they do in JSON. */
static bool csv_is_plain(const struct picked *value)
{
	const char *json = value->json;
	return !json || (*json != '[' && *json != '{' && !memchr(json, '\\', value->len));
}

static void csv_plain(FILE *out, const struct picked *value, bool first)
{
	const char *json = value->json;
	const bool is_text = json && *json == '"';
	if (!json || *json == 'n') /* null */
		rows_csv_plain(out, "", 0, first);
	else
		rows_csv_plain(out, json + is_text, value->len - 2U * is_text, first);
}

/* A record is printed as a whole or not at all. */
static int csv_record(const struct flows_printer *printer, FILE *out, const struct picked *value,
		      struct err *err)
{
	char *text[FLOWS_COLUMNS_MAX] = { NULL };
	int result = 0;
	for (size_t i = 0; i < printer->n && result == 0; i++) {
		if (csv_is_plain(&value[i]))
			continue;
		CLEANUP_JSON json_t *read = value_read(value[i].json, value[i].len, err);
		text[i] = read ? flows_value_text(read) : NULL;
		result = read ? 0 : -1;
	}
	for (size_t i = 0; i < printer->n; i++) {
		if (result == 0 && text[i])
			rows_csv_text(out, text[i], i == 0);
		else if (result == 0)
			csv_plain(out, &value[i], i == 0);
		free(text[i]);
	}
	if (result == 0)
		fputc('\n', out);
	return result;
}

static void csv_begin(const struct flows_printer *printer, FILE *out)
{
	for (size_t i = 0; i < printer->n; i++)
		rows_csv_text(out, printer->column[i].title, i == 0);
	fputc('\n', out);
}

static size_t csv_print(struct flows_printer *printer, FILE *out,
			const struct pages_record *records, size_t n, struct err *err)
{
	struct picked value[FLOWS_COLUMNS_MAX];
	if (!printer->begun)
		csv_begin(printer, out);
	for (size_t k = 0; k < n; k++) {
		picker_read(printer->picker, records[k].json, records[k].len, value);
		if (csv_record(printer, out, value, err))
			return k;
	}
	return n;
}

static void json_print(struct flows_printer *printer, FILE *out, const struct pages_record *records,
		       size_t n)
{
	const bool list = printer->format == FLOWS_JSON;
	for (size_t k = 0; k < n; k++) {
		const bool first = !printer->begun && k == 0;
		if (list)
			print_plain(out, first ? "[\n" : ",\n");
		fwrite(records[k].json, 1, records[k].len, out);
		if (!list)
			fputc('\n', out);
	}
}

size_t flows_print(struct flows_printer *printer, FILE *out, const struct pages_record *records,
		   size_t n, struct err *err)
{
	size_t done = n;
	switch (printer->format) {
	case FLOWS_TABLE:
		done = table_print(printer, out, records, n, err);
		break;
	case FLOWS_CSV:
		done = csv_print(printer, out, records, n, err);
		break;
	case FLOWS_JSON:
	case FLOWS_NDJSON:
		json_print(printer, out, records, n);
	}
	printer->begun = true;
	return done;
}

void flows_print_end(struct flows_printer *printer, FILE *out)
{
	if (printer->format == FLOWS_JSON)
		print_plain(out, printer->begun ? "\n]\n" : "[]\n");
	if (printer->format == FLOWS_CSV && !printer->begun)
		csv_begin(printer, out);
}
