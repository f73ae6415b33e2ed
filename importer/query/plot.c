/* SPDX-License-Identifier: Apache-2.0
 * Courses drawn with characters: an area with its scale, and lines of one row. */
#include "importer/query/plot.h"

#include <string.h>

#include "importer/core/print.h"
#include "importer/core/table.h"
#include "importer/query/rows.h"

#define SCALE_WIDTH 14 /* of what stands on the left, with its line */

uint64_t plot_scale(uint64_t v)
{
	static const uint64_t parts[] = { 10, 12, 15, 20, 25, 30, 40, 50, 60, 80 };
	if (v <= 10)
		return 10;
	for (uint64_t ten = 1; ten <= UINT64_MAX / 1000; ten *= 10)
		for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
			if (parts[i] * ten >= v)
				return parts[i] * ten;
	return v;
}

/* The highest value of those that column `x` of `columns` stands for. */
static uint64_t column_value(const uint64_t *v, size_t n, size_t x, size_t columns)
{
	size_t from = x * n / columns, to = (x + 1) * n / columns;
	uint64_t most = 0;
	if (to <= from)
		to = from + 1;
	for (size_t i = from; i < to && i < n; i++)
		most = v[i] > most ? v[i] : most;
	return most;
}

/* How many of `levels` are filled; what is there at all is seen. */
static size_t level_of(uint64_t v, uint64_t top, size_t levels)
{
	if (!v || !top)
		return 0;
	size_t level = (size_t)((double)v / (double)top * (double)levels + 0.5);
	return level > levels ? levels : level ? level : 1;
}

/* The dots of a half of a braille cell, `filled` of four from below. */
static unsigned braille_half(size_t filled, bool right)
{
	static const unsigned left_dots[] = { 0x40, 0x04, 0x02, 0x01 };
	static const unsigned right_dots[] = { 0x80, 0x20, 0x10, 0x08 };
	unsigned dots = 0;
	for (size_t i = 0; i < filled && i < 4; i++)
		dots |= right ? right_dots[i] : left_dots[i];
	return dots;
}

static size_t filled_of(size_t level, size_t row, size_t rows, size_t dots)
{
	size_t below = (rows - 1 - row) * dots;
	return level <= below ? 0 : level - below > dots ? dots : level - below;
}

static void row_draw(FILE *out, const uint64_t *v, size_t n, size_t columns, size_t row,
		     size_t rows, uint64_t top, bool unicode)
{
	for (size_t x = 0; x < columns; x++) {
		size_t left = level_of(column_value(v, n, 2 * x, 2 * columns), top, rows * 4);
		size_t right = level_of(column_value(v, n, 2 * x + 1, 2 * columns), top, rows * 4);
		size_t plain = level_of(column_value(v, n, x, columns), top, rows);
		if (!unicode) {
			fputc(filled_of(plain, row, rows, 1) ? '#' : ' ', out);
			continue;
		}
		unsigned dots = braille_half(filled_of(left, row, rows, 4), false) |
				braille_half(filled_of(right, row, rows, 4), true);
		char cell[4] = { (char)0xe2, (char)(0xa0 | dots >> 6), (char)(0x80 | (dots & 63)),
				 0 };
		print_plain(out, "%s", dots ? cell : " ");
	}
}

void plot_area(FILE *out, const uint64_t *v, size_t n, size_t width, size_t height, bool unicode,
	       uint64_t from_ms, uint64_t to_ms)
{
	size_t columns = width > SCALE_WIDTH + 10 ? width - SCALE_WIDTH : 10;
	char number[NUMBER_MAX], from[WHEN_MAX], to[WHEN_MAX];
	uint64_t most = 0;
	for (size_t i = 0; i < n; i++)
		most = v[i] > most ? v[i] : most;
	const uint64_t top = plot_scale(most);
	for (size_t row = 0; row < height; row++) {
		bool told = row == 0 || row == height / 2;
		print_plain(out, "%*s %s", SCALE_WIDTH - 2,
			    told ? rate_text(row ? top / 2 : top, number) : "",
			    unicode ? told ? "┤" : "│" : "|");
		row_draw(out, v, n, columns, row, height, top, unicode);
		print_plain(out, "\n");
	}
	local_time_text(from_ms, from);
	local_time_text(to_ms, to);
	size_t gap = columns > strlen(from) + strlen(to) ? columns - strlen(from) - strlen(to) : 1;
	print_plain(out, "%*s%s%*s%s\n", SCALE_WIDTH, "", from, (int)gap, "", to);
}

void plot_line(FILE *out, const uint64_t *v, size_t n, size_t width, uint64_t top, bool unicode)
{
	static const char *const blocks[] = { " ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" };
	static const char letters[] = " .:-=+*#%";
	for (size_t x = 0; x < width && n; x++) {
		size_t level = level_of(column_value(v, n, x, width), top, 8);
		if (unicode)
			print_plain(out, "%s", blocks[level]);
		else
			fputc(letters[level], out);
	}
}
