/* SPDX-License-Identifier: Apache-2.0
 * Foreign text made fit to be shown: printable UTF-8 that cannot steer a terminal. */
#ifndef EF_COMMON_PLAIN_H
#define EF_COMMON_PLAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Control characters (C0, DEL, C1), marks that turn the direction of writing or end a line, and
 * what is no UTF-8 (RFC 3629) become '?', ends of lines and tabs a blank; returns `text`. */
char *plain_text(char *text);
/* The same for a text of several lines: their ends and tabs stay. */
char *plain_lines(char *text);

/* A copy of JSON as an encoder wrote it, in which all of these are \uXXXX: it says the same. The
 * caller's; NULL without memory. */
char *plain_json(const char *json);

/* Octets of the UTF-8 character at `text`, of `left` that are there (at least one), and which it
 * is; 0: it is none, or cut. */
size_t plain_character(const char *text, size_t left, uint32_t *ret_character);
/* Whether it is one of those that are replaced. */
bool plain_steers(uint32_t c);

#endif
