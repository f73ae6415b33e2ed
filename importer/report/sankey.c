/* SPDX-License-Identifier: Apache-2.0
 * The largest conversations as bands from clients by services to servers. */
#include "importer/report/sankey.h"

#include <string.h>

#include "importer/core/table.h"
#include "importer/report/style.h"

#define WIDTH  1120.0
#define NODE   12.0 /* wide */
#define GAP    12.0
#define HEIGHT 420.0
#define SIDE   230.0 /* for names on either side */
#define TEXT   32

struct sankey_node {
	const json_t *name;
	uint64_t bytes;
	double y, used[2]; /* used: of its height, by bands that come and that go */
};

struct sankey {
	struct sankey_node node[3][SANKEY_BANDS];
	size_t n[3];
	size_t end[SANKEY_BANDS][3]; /* nodes of each band */
	double scale;                /* points a byte */
};

/* In the key of a conversation the service is last, in the picture it is between the ends. */
static const size_t column_key[] = { 0, 2, 1 };
static const double column_x[] = { SIDE, WIDTH / 2 - NODE / 2, WIDTH - SIDE - NODE };

static size_t node_of(struct sankey *s, size_t column, const json_t *name, uint64_t bytes)
{
	size_t i = 0;
	while (i < s->n[column] && !json_equal(s->node[column][i].name, name))
		i++;
	if (i == s->n[column])
		s->node[column][s->n[column]++] = (struct sankey_node){ .name = name };
	s->node[column][i].bytes += bytes;
	return i;
}

static void nodes_place(struct sankey *s, const struct rank *r, size_t bands)
{
	double all = 0;
	size_t most = 1;
	for (size_t i = 0; i < bands; i++) {
		all += (double)r->row[i].figures.bytes;
		for (size_t column = 0; column < 3; column++)
			s->end[i][column] =
			    node_of(s, column, json_array_get(r->row[i].key, column_key[column]),
				    r->row[i].figures.bytes);
	}
	for (size_t column = 0; column < 3; column++)
		most = s->n[column] > most ? s->n[column] : most;
	s->scale = all > 0 ? (HEIGHT - GAP * (double)(most + 1)) / all : 0;
	for (size_t column = 0; column < 3; column++) {
		double high = GAP * (double)(s->n[column] - 1) + all * s->scale;
		double y = (HEIGHT - high) / 2;
		for (size_t i = 0; i < s->n[column]; i++) {
			s->node[column][i].y = y;
			y += (double)s->node[column][i].bytes * s->scale + GAP;
		}
	}
}

static const char *node_text(const struct sankey_node *n)
{
	return json_string_value(n->name) ? json_string_value(n->name) : "-";
}

static void band_draw(struct html_page *p, struct sankey *s, const struct rank_row *row,
		      const size_t end[3], size_t from)
{
	struct sankey_node *a = &s->node[from][end[from]], *b = &s->node[from + 1][end[from + 1]];
	double high = (double)row->figures.bytes * s->scale;
	double x1 = column_x[from] + NODE, x2 = column_x[from + 1], middle = (x1 + x2) / 2;
	double y1 = a->y + a->used[1], y2 = b->y + b->used[0];
	char number[NUMBER_MAX];
	a->used[1] += high;
	b->used[0] += high;
	high = high < 1 ? 1 : high;
	page_add(p,
		 "<path class=\"band c%zu\" d=\"M%.1f %.1fC%.1f %.1f %.1f %.1f %.1f %.1fV%.1fC%.1f "
		 "%.1f %.1f %.1f %.1f %.1fZ\"><title>",
		 end[1] % (STYLE_COLOURS - 1), x1, y1, middle, y1, middle, y2, x2, y2, y2 + high,
		 middle, y2 + high, middle, y1 + high, x1, y1 + high);
	page_text(p, node_text(a));
	page_add(p, " → ");
	page_text(p, node_text(b));
	page_add(p, ": %s</title></path>\n", bytes_text(row->figures.bytes, number));
}

static void node_draw(struct html_page *p, const struct sankey *s, size_t column, size_t i)
{
	const struct sankey_node *n = &s->node[column][i];
	double high = (double)n->bytes * s->scale, middle = n->y + high / 2 + 4;
	char number[NUMBER_MAX];
	page_add(p, "<rect class=\"c%zu\" x=\"%.1f\" y=\"%.1f\" width=\"%.0f\" height=\"%.1f\"/>",
		 column == 1 ? i % (STYLE_COLOURS - 1) : STYLE_COLOURS - 1, column_x[column], n->y,
		 NODE, high < 1 ? 1 : high);
	page_add(p, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\"><title>",
		 column ? column_x[column] + NODE + 6 : column_x[0] - 6, middle,
		 column ? "start" : "end");
	page_text(p, node_text(n));
	page_add(p, " %s</title>", bytes_text(n->bytes, number));
	page_label(p, node_text(n), TEXT);
	page_add(p, "</text>\n");
}

void sankey_draw(struct html_page *p, const struct rank *r)
{
	struct sankey s = { 0 };
	size_t bands = r->n < SANKEY_BANDS ? r->n : SANKEY_BANDS;
	if (!bands)
		return;
	nodes_place(&s, r, bands);
	page_add(p,
		 "<div class=\"wide\"><svg viewBox=\"0 0 %.0f %.0f\" role=\"img\" "
		 "aria-label=\"Clients, services and servers of the largest conversations\">\n",
		 WIDTH, HEIGHT);
	for (size_t from = 0; from < 2; from++)
		for (size_t i = 0; i < bands; i++)
			band_draw(p, &s, &r->row[i], s.end[i], from);
	for (size_t column = 0; column < 3; column++)
		for (size_t i = 0; i < s.n[column]; i++)
			node_draw(p, &s, column, i);
	page_add(p, "</svg></div>\n");
}
