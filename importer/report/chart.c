/* SPDX-License-Identifier: Apache-2.0
 * The course of a report in bits per second: the largest values upon one another, up to all. */
#include "importer/report/chart.h"

#include <stdlib.h>
#include <time.h>

#include "common/cleanup.h"
#include "importer/core/memory.h"
#include "importer/core/table.h"
#include "importer/query/plot.h"
#include "importer/query/rows.h"
#include "importer/report/style.h"

#define WIDTH  1120.0
#define HEIGHT 300.0
#define LEFT   88.0
#define RIGHT  12.0
#define TOP    12.0
#define BOTTOM 28.0
#define GRID   4
#define TICKS  8

struct chart {
	struct html_page *p;
	const struct series *s;
	uint64_t top;  /* bit/s at the upper end */
	uint64_t *sum; /* of each step: the upper edge of the layers that are drawn */
};

static double x_of(const struct chart *c, uint64_t ms)
{
	double all = (double)(c->s->to_ms - c->s->from_ms);
	double at = ms < c->s->from_ms ? 0 : (double)(ms - c->s->from_ms);
	at = at > all ? all : at;
	return LEFT + (all > 0 ? at / all : 0) * (WIDTH - LEFT - RIGHT);
}

static double y_of(const struct chart *c, uint64_t rate)
{
	double part = c->top ? (double)rate / (double)c->top : 0;
	return HEIGHT - BOTTOM - (part > 1 ? 1 : part) * (HEIGHT - TOP - BOTTOM);
}

static uint64_t step_at(const struct chart *c, size_t at)
{
	return c->s->first_ms + at * c->s->step_ms;
}

/* One layer: its upper edge from left to right, the lower one back. */
static void layer_draw(struct chart *c, const uint64_t *v, size_t colour)
{
	const struct series *s = c->s;
	page_add(c->p, "<path class=\"c%zu\" d=\"", colour % STYLE_COLOURS);
	for (size_t at = 0; at < s->steps; at++)
		page_add(c->p, "%c%.1f %.1fH%.1f", at ? 'L' : 'M', x_of(c, step_at(c, at)),
			 y_of(c, c->sum[at] + v[at]), x_of(c, step_at(c, at + 1)));
	for (size_t at = s->steps; at-- > 0;)
		page_add(c->p, "L%.1f %.1fH%.1f", x_of(c, step_at(c, at + 1)), y_of(c, c->sum[at]),
			 x_of(c, step_at(c, at)));
	page_add(c->p, "Z\"/>\n");
	for (size_t at = 0; at < s->steps; at++)
		c->sum[at] += v[at];
}

static void scale_draw(struct chart *c)
{
	char number[NUMBER_MAX];
	for (int i = 0; i <= GRID; i++) {
		uint64_t rate = (uint64_t)((double)c->top * i / GRID);
		double y = y_of(c, rate);
		page_add(c->p, "<path class=\"rule\" d=\"M%.1f %.1fH%.1f\"/>", LEFT, y,
			 WIDTH - RIGHT);
		page_add(c->p,
			 "<text class=\"soft\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"end\">%s</text>"
			 "\n",
			 LEFT - 8, y + 4, rate_text(rate, number));
	}
}

/* Times at whole hours or days of the clock on the wall here. */
static void times_draw(struct chart *c)
{
	static const uint64_t minutes[] = { 1,   5,   10,   15,   30,    60,    120,   180,
					    360, 720, 1440, 2880, 10080, 43200, 525600 };
	uint64_t span = c->s->to_ms - c->s->from_ms, tick = 0;
	for (size_t i = 0; i < sizeof(minutes) / sizeof(minutes[0]); i++) {
		tick = minutes[i] * 60000;
		if (span / tick <= TICKS)
			break;
	}
	const time_t begin = (time_t)(c->s->from_ms / 1000);
	struct tm tm;
	if (!localtime_r(&begin, &tm))
		return;
	uint64_t offset = (uint64_t)(int64_t)tm.tm_gmtoff * 1000;
	uint64_t first = (c->s->from_ms + offset + tick - 1) / tick * tick - offset;
	for (uint64_t at = first; at < c->s->to_ms; at += tick) {
		const time_t seconds = (time_t)(at / 1000);
		char text[40] = "";
		if (localtime_r(&seconds, &tm) &&
		    !strftime(text, sizeof(text),
			      tick >= 1440 * 60000 || (!tm.tm_hour && !tm.tm_min) ? "%b %d"
										  : "%H:%M",
			      &tm))
			text[0] = '\0';
		page_add(c->p,
			 "<path class=\"rule\" d=\"M%.1f %.1fv6\"/><text class=\"soft\" x=\"%.1f\" "
			 "y=\"%.1f\" text-anchor=\"middle\">%s</text>\n",
			 x_of(c, at), HEIGHT - BOTTOM, x_of(c, at), HEIGHT - 8, text);
	}
}

/* What a pointer shows of each step. */
static void tips_draw(struct chart *c)
{
	char number[NUMBER_MAX], when[WHEN_MAX];
	for (size_t at = 0; at < c->s->steps; at++) {
		double x = x_of(c, step_at(c, at));
		page_add(c->p,
			 "<rect class=\"over\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" "
			 "height=\"%.1f\"><title>",
			 x, TOP, x_of(c, step_at(c, at + 1)) - x, HEIGHT - TOP - BOTTOM);
		page_text(c->p, local_time_text(step_at(c, at), when));
		page_add(c->p, ": %s</title></rect>\n",
			 rate_text(series_rate(c->s, 0, at), number));
	}
}

static void legend_draw(struct html_page *p, const struct series *s)
{
	char number[NUMBER_MAX];
	page_add(p, "<ul class=\"legend\">");
	for (size_t i = 1; i <= s->n; i++) {
		page_add(p, "<li><i class=\"c%zu\"></i>", i == s->n ? STYLE_COLOURS - 1 : i - 1);
		if (i == s->n) {
			page_add(p, "others</li>");
			break;
		}
		page_name(p, s->name[i], 40);
		page_add(p, " %s</li>", bytes_text(s->sum[i].bytes, number));
	}
	page_add(p, "</ul>\n");
}

void chart_draw(struct html_page *p, const struct series *s)
{
	CLEANUP_FREE uint64_t *sum = calloc(s->steps + 1, sizeof(*sum));
	CLEANUP_FREE uint64_t *v = calloc(s->steps + 1, sizeof(*v));
	struct chart c = { .p = p, .s = s, .sum = sum };
	uint64_t most = 0;
	if (!sum || !v)
		memory_out();
	for (size_t at = 0; at < s->steps; at++)
		most = series_rate(s, 0, at) > most ? series_rate(s, 0, at) : most;
	c.top = plot_scale(most);
	page_add(p,
		 "<div class=\"wide\"><svg viewBox=\"0 0 %.0f %.0f\" role=\"img\" "
		 "aria-label=\"Bits per second over time\">\n",
		 WIDTH, HEIGHT);
	scale_draw(&c);
	for (size_t i = 1; i < s->n; i++) {
		for (size_t at = 0; at < s->steps; at++)
			v[at] = series_rate(s, i, at);
		layer_draw(&c, v, i - 1);
	}
	for (size_t at = 0; at < s->steps; at++) {
		uint64_t all = series_rate(s, 0, at);
		v[at] = all > sum[at] ? all - sum[at] : 0;
	}
	layer_draw(&c, v, STYLE_COLOURS - 1);
	times_draw(&c);
	tips_draw(&c);
	page_add(p, "</svg></div>\n");
	legend_draw(p, s);
}
