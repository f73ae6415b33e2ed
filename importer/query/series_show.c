/* SPDX-License-Identifier: Apache-2.0
 * Shows a course over time: drawn on a terminal, as CSV, as JSON. */
#include "importer/query/series_show.h"

#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "importer/core/memory.h"
#include "importer/core/print.h"
#include "importer/core/table.h"
#include "importer/query/plot.h"

#define PLOT_WIDTH  100 /* where standard output is no terminal */
#define PLOT_HEIGHT 10
#define NAME_WIDTH  28
#define RATE_WIDTH  14

static uint64_t *rates_of(const struct series *s, size_t i)
{
	uint64_t *v = calloc(s->steps + 1, sizeof(*v));
	if (!v)
		memory_out();
	for (size_t at = 0; at < s->steps; at++)
		v[at] = series_rate(s, i, at);
	return v;
}

static uint64_t highest(const uint64_t *v, size_t n)
{
	uint64_t most = 0;
	for (size_t i = 0; i < n; i++)
		most = v[i] > most ? v[i] : most;
	return most;
}

/* What fits beside a line of at least LINE_LEAST columns. */
struct columns {
	size_t name, line;
	bool bytes, most, unicode;
};
#define LINE_LEAST  10
#define BYTES_WIDTH 12
#define NAME_LEAST  12

static size_t columns_used(const struct columns *c)
{
	return c->name + 1 + RATE_WIDTH + (c->most ? RATE_WIDTH : 0) + (c->bytes ? BYTES_WIDTH : 0);
}

static struct columns columns_of(size_t width)
{
	struct columns c = {
		.name = NAME_WIDTH, .bytes = true, .most = true, .unicode = text_unicode()
	};
	if (columns_used(&c) + LINE_LEAST > width)
		c.name = NAME_LEAST;
	if (columns_used(&c) + LINE_LEAST > width)
		c.bytes = false;
	if (columns_used(&c) + LINE_LEAST > width)
		c.most = false;
	c.line = width > columns_used(&c) + LINE_LEAST ? width - columns_used(&c) : LINE_LEAST;
	return c;
}

static void line_show(const struct series *s, size_t i, const struct columns *c)
{
	char number[NUMBER_MAX];
	CLEANUP_FREE uint64_t *v = rates_of(s, i);
	uint64_t most = highest(v, s->steps);
	print_cell(stdout, s->name[i], (int)c->name, 0);
	print_plain(stdout, " ");
	plot_line(stdout, v, s->steps, c->line, most, c->unicode);
	print_plain(stdout, "%*s", RATE_WIDTH,
		    rate_text(figures_rate(s->sum[i].bytes, s->to_ms - s->from_ms), number));
	if (c->most)
		print_plain(stdout, "%*s", RATE_WIDTH, rate_text(most, number));
	if (c->bytes)
		print_plain(stdout, "%*s", BYTES_WIDTH, bytes_text(s->sum[i].bytes, number));
	print_plain(stdout, "\n");
}

static void drawing_show(const struct series *s)
{
	const size_t width = rows_width(PLOT_WIDTH);
	const struct columns c = columns_of(width);
	CLEANUP_FREE uint64_t *v = rates_of(s, 0);
	plot_area(stdout, v, s->steps, width < 40 ? 40 : width, PLOT_HEIGHT, c.unicode, s->from_ms,
		  s->to_ms);
	print_plain(stdout, "\n%*s%*s%*s%*s\n", (int)(c.name + 1 + c.line), "", RATE_WIDTH, "MEAN",
		    c.most ? RATE_WIDTH : 0, c.most ? "HIGHEST" : "", c.bytes ? BYTES_WIDTH : 0,
		    c.bytes ? "BYTES" : "");
	for (size_t i = 0; i < s->n; i++)
		line_show(s, i, &c);
	print_plain(stdout, "\nSteps of %llu min; a flow stands where it ends.\n",
		    (unsigned long long)(s->step_ms / 60000));
	if (s->sum[0].rate > 1)
		print_plain(stdout, "Sampled flows are in it: figures are estimates.\n");
}

static void csv_show_series(const struct series *s)
{
	char time[CLOCK_TEXT_MAX];
	print_plain(stdout, "time,name,bytes,packets,flows,bits_per_second,sampled\n");
	for (size_t i = 0; i < s->n; i++)
		for (size_t at = 0; at < s->steps; at++) {
			const struct figures *f = &s->table[i * s->steps + at];
			rows_csv_text(stdout, clock_text(s->first_ms + at * s->step_ms, time),
				      true);
			rows_csv_text(stdout, s->name[i], false);
			rows_csv_number(stdout, f->bytes, false);
			rows_csv_number(stdout, f->packets, false);
			rows_csv_number(stdout, f->flows, false);
			rows_csv_number(stdout, series_rate(s, i, at), false);
			rows_csv_number(stdout, f->rate > 1 ? f->rate : 1, false);
			print_plain(stdout, "\n");
		}
}

static json_t *line_json(const struct series *s, size_t i)
{
	json_t *bytes = json_array(), *packets = json_array(), *flows = json_array(),
	       *rates = json_array();
	for (size_t at = 0; at < s->steps; at++) {
		const struct figures *f = &s->table[i * s->steps + at];
		json_array_append_new(bytes, json_integer((json_int_t)f->bytes));
		json_array_append_new(packets, json_integer((json_int_t)f->packets));
		json_array_append_new(flows, json_integer((json_int_t)f->flows));
		json_array_append_new(rates, json_integer((json_int_t)series_rate(s, i, at)));
	}
	return json_pack("{s:s,s:I,s:o,s:o,s:o,s:o}", "name", s->name[i], "sampled",
			 (json_int_t)(s->sum[i].rate > 1 ? s->sum[i].rate : 1), "bytes", bytes,
			 "packets", packets, "flows", flows, "bits_per_second", rates);
}

static void json_show_series(const struct series *s)
{
	json_t *lines = json_array();
	for (size_t i = 0; i < s->n; i++)
		json_array_append_new(lines, line_json(s, i));
	CLEANUP_JSON json_t *all =
	    json_pack("{s:I,s:I,s:I,s:I,s:I,s:o}", "from_ms", (json_int_t)s->from_ms, "to_ms",
		      (json_int_t)s->to_ms, "first_ms", (json_int_t)s->first_ms, "step_ms",
		      (json_int_t)s->step_ms, "steps", (json_int_t)s->steps, "series", lines);
	print_json(stdout, all, JSON_INDENT(1));
}

void series_show(const struct series *s, enum rows_format format)
{
	if (format == ROWS_JSON)
		json_show_series(s);
	else if (format == ROWS_CSV)
		csv_show_series(s);
	else
		drawing_show(s);
}
