/* SPDX-License-Identifier: Apache-2.0
 * Courses drawn with characters: an area with its scale, and lines of one row. */
#ifndef EF_IMPORTER_PLOT_H
#define EF_IMPORTER_PLOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* A number of two digits and zeros that is not below `v`, nor far above it. */
uint64_t plot_scale(uint64_t v);

/*
 * An area of `n` values, `width` columns and `height` rows, with bits per second on the left, and
 * the times of its beginning and end below it. Braille, or '#' where `unicode` is not set.
 */
void plot_area(FILE *out, const uint64_t *v, size_t n, size_t width, size_t height, bool unicode,
	       uint64_t from_ms, uint64_t to_ms);

/* The same in one row of `width` columns: block elements, or ". : - = + * # %". `top` is what the
 * highest one stands for. */
void plot_line(FILE *out, const uint64_t *v, size_t n, size_t width, uint64_t top, bool unicode);

#endif
