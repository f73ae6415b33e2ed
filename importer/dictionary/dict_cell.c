/* SPDX-License-Identifier: Apache-2.0
 * One cell of a dictionary: checked, and brought to the one spelling of its value. */
#include "importer/dictionary/dict_cell.h"

#include <ctype.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int cell_keep(const char *text, char **ret_text, struct err *err)
{
	char *copy = strdup(text);

	if (!copy)
		return err_set(err, EF_FAILED, "out of memory");
	*ret_text = copy;
	return 0;
}

static int keep_plain(const char *text, char **ret_text, struct err *err)
{
	for (const char *p = text; *p; p++)
		if (iscntrl((unsigned char)*p))
			return err_set(err, EF_USAGE, "control character in \"%s\"", text);
	return cell_keep(text, ret_text, err);
}

/* Is it one of the words of the list? */
static bool is_listed(const char *words, const char *word)
{
	size_t n = strlen(word);

	for (const char *p = words; *p; p += strcspn(p, " "), p += *p == ' ')
		if (strcspn(p, " ") == n && strncmp(p, word, n) == 0)
			return true;
	return false;
}

static int keep_word(const char *words, const char *text, char **ret_text, struct err *err)
{
	char word[128];
	size_t n = 0;

	for (; text[n] && n + 1 < sizeof(word); n++) {
		if (!isalnum((unsigned char)text[n]) && !strchr(".-_+/", text[n]))
			return err_set(err, EF_USAGE,
				       "\"%s\" is not a word of letters, digits and . - _ + /",
				       text);
		word[n] = (char)tolower((unsigned char)text[n]);
	}
	if (text[n])
		return err_set(err, EF_USAGE, "\"%s\" is longer than %zu characters", text,
			       sizeof(word) - 1);
	word[n] = '\0';
	if (words && !is_listed(words, word))
		return err_set(err, EF_USAGE, "\"%s\" is none of these words: %s", text, words);
	return cell_keep(word, ret_text, err);
}

static int keep_count(const struct dict_column *column, const char *text, char **ret_text,
		      struct err *err)
{
	char number[24];
	uint64_t value = 0;

	for (const char *p = text; *p; p++) {
		if (!isdigit((unsigned char)*p) || (double)value > column->max)
			goto bad;
		value = value * 10 + (uint64_t)(*p - '0');
	}
	if ((double)value < column->min || (double)value > column->max)
		goto bad;
	snprintf(number, sizeof(number), "%" PRIu64, value);
	return cell_keep(number, ret_text, err);
bad:
	return err_set(err, EF_USAGE, "\"%s\" is not a whole number from %.0f to %.0f", text,
		       column->min, column->max);
}

static int keep_real(const struct dict_column *column, const char *text, char **ret_text,
		     struct err *err)
{
	char *end = NULL;
	double value = strtod(text, &end);

	if (*end || text[strspn(text, "+-.0123456789eE")] || !isfinite(value) ||
	    value < column->min || value > column->max)
		return err_set(err, EF_USAGE, "\"%s\" is not a number from %g to %g", text,
			       column->min, column->max);
	return cell_keep(text, ret_text, err);
}

static int keep_bool(const char *text, char **ret_text, struct err *err)
{
	static const char *const yes[] = { "true", "yes", NULL };
	static const char *const no[] = { "false", "no", NULL };

	for (const char *const *p = yes; *p; p++)
		if (strcasecmp(text, *p) == 0)
			return cell_keep("true", ret_text, err);
	for (const char *const *p = no; *p; p++)
		if (strcasecmp(text, *p) == 0)
			return cell_keep("false", ret_text, err);
	return err_set(err, EF_USAGE, "\"%s\" is neither true nor false", text);
}

static int keep_prefix(const char *text, char **ret_text, struct err *err)
{
	char spelt[IP_TEXT_MAX + 8];
	struct prefix p;
	size_t n;
	bool v4;

	if (prefix_parse(text, false, &p, err))
		return -1;
	v4 = p.len >= 96 && ip_is_v4(&p.ip);
	if (v4 && strchr(text, ':'))
		return err_set(err, EF_USAGE,
			       "\"%s\" is IPv4 in IPv6 form; write it as IPv4, it holds for both",
			       text);
	n = ip_format(&p.ip, spelt);
	if (p.len < 128)
		snprintf(spelt + n, sizeof(spelt) - n, "/%d", v4 ? p.len - 96 : p.len);
	return cell_keep(spelt, ret_text, err);
}

/* Where ":port" or "#domain" begins behind an address; NULL: it does not. */
static const char *which_of(const char *text)
{
	const char *mark = strchr(text, '#'), *colon = strrchr(text, ':');

	if (mark)
		return mark;
	if (*text == '[')
		return colon > text && colon[-1] == ']' ? colon : NULL;
	return colon && colon == strchr(text, ':') ? colon : NULL;
}

const char *dict_cell_which(const char *cell)
{
	const char *which = which_of(cell);

	return which ? which : "";
}

/* The address of a sender without brackets; false: it is too long for one. */
static bool address_of(const char *text, const char *which, char ret_address[IP_TEXT_MAX])
{
	size_t n = (size_t)(which - text);

	if (*text == '[' && n >= 2 && text[n - 1] == ']') {
		text++;
		n -= 2;
	}
	if (n >= IP_TEXT_MAX)
		return false;
	memcpy(ret_address, text, n);
	ret_address[n] = '\0';
	return true;
}

static int keep_sender(const char *text, char **ret_text, struct err *err)
{
	static const struct dict_column port = { .name = "port", .min = 1, .max = 65535 };
	static const struct dict_column domain = { .name = "domain", .max = 4294967295.0 };
	const char *which = which_of(text);
	char address[IP_TEXT_MAX], spelt[2 * IP_TEXT_MAX], *number = NULL;
	struct ip ip;

	if (!which)
		return keep_prefix(text, ret_text, err);
	if (!address_of(text, which, address) || ip_parse(address, &ip, err))
		return err_set(
		    err, EF_USAGE,
		    "\"%s\" is no prefix, address:port, [address]:port or address#domain", text);
	if (keep_count(*which == '#' ? &domain : &port, *which && which[1] ? which + 1 : "-",
		       &number, err))
		return err_wrap(err, "%s", text);
	ip_format(&ip, address);
	bool bracket = *which == ':' && !ip_is_v4(&ip);
	snprintf(spelt, sizeof(spelt), bracket ? "[%s]%c%s" : "%s%c%s", address, *which, number);
	free(number);
	return cell_keep(spelt, ret_text, err);
}

static int keep_ports(const char *text, char **ret_text, struct err *err)
{
	char spelt[16], *end = NULL;
	unsigned long first = strtoul(text, &end, 10), last = first;

	if (end != text && *end == '-' && isdigit((unsigned char)end[1]))
		last = strtoul(end + 1, &end, 10);
	if (!isdigit((unsigned char)*text) || *end || first > last || last > 65535)
		return err_set(err, EF_USAGE,
			       "\"%s\" is not a port or a range of ports like 8000-8010", text);
	snprintf(spelt, sizeof(spelt), first == last ? "%lu" : "%lu-%lu", first, last);
	return cell_keep(spelt, ret_text, err);
}

/* "5601", "tcp/9200" of the length `n`, lower case. */
static bool is_service(const char *text, size_t n)
{
	size_t i = 0;
	unsigned long port = 0;

	while (i < n && text[i] != '/')
		i++;
	if (i == n)
		i = 0;
	else if (!i++)
		return false;
	if (i == n || n - i > 5)
		return false;
	for (; i < n; i++) {
		if (!isdigit((unsigned char)text[i]))
			return false;
		port = port * 10 + (unsigned long)(text[i] - '0');
	}
	return port >= 1 && port <= 65535;
}

/* Services with one space between. */
static int keep_serves(const char *text, char **ret_text, struct err *err)
{
	char *spelt = malloc(strlen(text) + 1), *to = spelt;

	if (!spelt)
		return err_set(err, EF_FAILED, "out of memory");
	for (const char *p = text + strspn(text, " "); *p; p += strspn(p, " ")) {
		size_t n = strcspn(p, " ");

		if (!is_service(p, n)) {
			free(spelt);
			return err_set(err, EF_USAGE, "\"%.*s\" is no port, as in 5601 tcp/9200",
				       (int)n, p);
		}
		if (to > spelt)
			*to++ = ' ';
		for (; n; n--)
			*to++ = (char)tolower((unsigned char)*p++);
	}
	*to = '\0';
	*ret_text = spelt;
	return 0;
}

/* "00:00:5e", "00-00-5E-10/28", "00005e": hexadecimal digits with marks between them, then perhaps
 * the number of bits. */
static int read_mac(const char *text, uint64_t *ret_value, unsigned *ret_bits)
{
	const char *p = text;
	unsigned digits = 0;
	uint64_t value = 0;
	char *end = NULL;

	for (; *p && *p != '/'; p++) {
		if (isxdigit((unsigned char)*p) && digits++ < 12)
			value = value << 4 | (uint64_t)strtoul((char[]){ *p, '\0' }, NULL, 16);
		else if (!strchr(":-.", *p))
			return -1;
	}
	*ret_bits = *p ? (unsigned)strtoul(p + 1, &end, 10) : 4 * digits;
	if (digits < 6 || (end && (end == p + 1 || *end)) || !*ret_bits || *ret_bits > 4 * digits)
		return -1;
	*ret_value = value << (48 - 4 * digits);
	return 0;
}

static int keep_mac(const char *text, char **ret_text, struct err *err)
{
	uint64_t value = 0;
	unsigned bits = 0, n = 0;
	char spelt[24];

	if (read_mac(text, &value, &bits))
		return err_set(err, EF_USAGE,
			       "\"%s\" is not a MAC prefix like 00:00:5e or 70:b3:d5:00:00:00/36",
			       text);
	if (value & ((1ULL << (48 - bits)) - 1))
		return err_set(err, EF_USAGE, "\"%s\" has bits behind its length of %u", text,
			       bits);
	for (int i = 0; i < 6; i++)
		n += (unsigned)snprintf(spelt + n, sizeof(spelt) - n, i ? ":%02x" : "%02x",
					(unsigned)(value >> (40 - 8 * i) & 0xff));
	if (bits < 48)
		snprintf(spelt + n, sizeof(spelt) - n, "/%u", bits);
	return cell_keep(spelt, ret_text, err);
}

int dict_cell_normal(const struct dict_column *column, const char *text, char **ret_text,
		     struct err *err)
{
	if (!*text)
		return column->required ? err_set(err, EF_USAGE, "column %s is empty", column->name)
					: cell_keep("", ret_text, err);
	switch (column->type) {
	case DICT_TEXT:
		return keep_plain(text, ret_text, err);
	case DICT_WORD:
		return keep_word(column->words, text, ret_text, err);
	case DICT_COUNT:
		return keep_count(column, text, ret_text, err);
	case DICT_REAL:
		return keep_real(column, text, ret_text, err);
	case DICT_BOOL:
		return keep_bool(text, ret_text, err);
	case DICT_ADDRESS:
		if (strchr(text, '/'))
			return err_set(err, EF_USAGE, "\"%s\" is not an address", text);
		return keep_prefix(text, ret_text, err);
	case DICT_PREFIX:
		return keep_prefix(text, ret_text, err);
	case DICT_EXPORTER:
		if (strchr(text, '/'))
			return err_set(err, EF_USAGE, "\"%s\" is not an address", text);
		return keep_sender(text, ret_text, err);
	case DICT_SENDER:
		return keep_sender(text, ret_text, err);
	case DICT_MAC:
		return keep_mac(text, ret_text, err);
	case DICT_PORTS:
		return keep_ports(text, ret_text, err);
	case DICT_SERVES:
		return keep_serves(text, ret_text, err);
	}
	return err_set(err, EF_FAILED, "column %s has no type", column->name);
}

struct prefix dict_cell_prefix(const char *cell)
{
	const char *which = which_of(cell);
	char address[IP_TEXT_MAX];
	struct prefix p = { 0 };
	struct err unused;

	if (which && address_of(cell, which, address))
		cell = address;
	if (prefix_parse(cell, false, &p, &unused))
		return (struct prefix){ 0 };
	return p;
}

void dict_cell_ports(const char *cell, unsigned *ret_first, unsigned *ret_last)
{
	char *end;

	*ret_first = (unsigned)strtoul(cell, &end, 10);
	*ret_last = *end ? (unsigned)strtoul(end + 1, NULL, 10) : *ret_first;
}

uint64_t dict_cell_mac(const char *cell, unsigned *ret_bits)
{
	const char *slash = strchr(cell, '/');
	uint64_t value = 0;

	for (const char *p = cell; *p && p != slash; p++)
		if (*p != ':')
			value = value << 4 | (uint64_t)(*p <= '9' ? *p - '0' : *p - 'a' + 10);
	*ret_bits = slash ? (unsigned)strtoul(slash + 1, NULL, 10) : 48;
	return value;
}
