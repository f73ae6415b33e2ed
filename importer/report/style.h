/* SPDX-License-Identifier: Apache-2.0
 * How a report looks: on screens of any width, light, dark, and on paper. */
#ifndef EF_IMPORTER_STYLE_H
#define EF_IMPORTER_STYLE_H

extern const char report_style[];

/* Colours c0, c1, … of the style, for what stands side by side. */
#define STYLE_COLOURS 8

#endif
