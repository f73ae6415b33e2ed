/* SPDX-License-Identifier: Apache-2.0
 * Names of hosts out of hosts files, DNS zone files, and the lease files of DHCP servers. */
#include "importer/dictionary/import_names.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/csv.h"
#include "common/ip.h"
#include "importer/core/files.h"

#define NAME_SIZE 256 /* RFC 1035 section 2.3.4, and the NUL */
#define WORDS_MAX 16

static int open_file(const char *path, FILE **ret_file, struct err *err)
{
	*ret_file = file_open(path, err);
	return *ret_file ? 0 : -1;
}

static bool is_address(const char *text, char ret_text[IP_TEXT_MAX])
{
	struct err unused;
	struct ip ip;

	if (ip_parse(text, &ip, &unused))
		return false;
	ip_format(&ip, ret_text);
	return true;
}

static bool is_local(const char *address)
{
	return strncmp(address, "127.", 4) == 0 || strcmp(address, "::1") == 0 ||
	       strcmp(address, "0.0.0.0") == 0 || strncmp(address, "ff0", 3) == 0;
}

static int split_words(char *line, char *word[WORDS_MAX])
{
	int n = 0;

	for (char *p; n < WORDS_MAX && (p = strsep(&line, " \t\r\n"));)
		if (*p)
			word[n++] = p;
	return n;
}

static int name_row(struct import *im, const char *address, const char *name, struct err *err)
{
	char spelt[IP_TEXT_MAX], plain[NAME_SIZE];
	const char *cells[] = { spelt, plain };
	size_t n = strlen(name);

	if (n && name[n - 1] == '.')
		n--;
	if (!n || n >= sizeof(plain) || !is_address(address, spelt)) {
		im->skipped++;
		return 0;
	}
	memcpy(plain, name, n);
	plain[n] = '\0';
	return import_row(im, cells, 2, err);
}

/* hosts(5): the address, its name, further names. */
int import_hosts(struct import *im, const char *path, struct err *err)
{
	CLEANUP_FILE FILE *f = NULL;
	CLEANUP_FREE char *line = NULL;
	size_t room = 0;

	if (open_file(path, &f, err))
		return -1;
	while (getline(&line, &room, f) >= 0) {
		char *word[WORDS_MAX];

		line[strcspn(line, "#")] = '\0';
		if (split_words(line, word) < 2 || is_local(word[0]))
			continue;
		if (name_row(im, word[0], word[1], err))
			return -1;
	}
	return 0;
}

struct zone {
	char origin[NAME_SIZE]; /* with the dot at its end, "." alone when unknown */
	char owner[NAME_SIZE];
	int depth; /* of parentheses */
};

static void full_name(const struct zone *z, const char *name, char ret_name[NAME_SIZE])
{
	size_t n = strlen(name);

	if (strcmp(name, "@") == 0)
		snprintf(ret_name, NAME_SIZE, "%s", z->origin);
	else if (n && name[n - 1] == '.')
		snprintf(ret_name, NAME_SIZE, "%s", name);
	else
		snprintf(ret_name, NAME_SIZE, "%s.%s", name,
			 strcmp(z->origin, ".") ? z->origin : "");
}

/* Ends the line where a comment begins; what is between quotes is text, in which ; ( and ) mean
 * nothing. The depth behind it. */
static int cut_comment(char *line, int depth)
{
	bool quoted = false;

	for (char *p = line; *p; p++) {
		if (*p == '\\' && p[1]) {
			p++;
		} else if (*p == '"') {
			quoted = !quoted;
		} else if (!quoted && *p == ';') {
			*p = '\0';
			break;
		} else if (!quoted) {
			depth += (*p == '(') - (*p == ')');
		}
	}
	return depth;
}

static bool is_ttl_or_class(const char *word)
{
	return isdigit((unsigned char)*word) || strcasecmp(word, "IN") == 0 ||
	       strcasecmp(word, "CH") == 0 || strcasecmp(word, "HS") == 0;
}

/* One line of a master file (RFC 1035 section 5.1); only A and AAAA records count. */
static int zone_line(struct import *im, struct zone *z, char *line, struct err *err)
{
	bool blank = isspace((unsigned char)*line);
	char *word[WORDS_MAX];
	int outside = z->depth, n, i;

	z->depth = cut_comment(line, z->depth);
	n = split_words(line, word);
	if (outside || n == 0)
		return 0;
	if (strcasecmp(word[0], "$ORIGIN") == 0 && n > 1) {
		char name[NAME_SIZE];
		full_name(z, word[1], name);
		memcpy(z->origin, name, sizeof(name));
		return 0;
	}
	if (*word[0] == '$') {
		/* records of another file, or made by counting, are none that we read */
		im->skipped += strcasecmp(word[0], "$TTL") != 0;
		return 0;
	}
	if (!blank)
		full_name(z, word[0], z->owner);
	for (i = blank ? 0 : 1; i < n && is_ttl_or_class(word[i]);)
		i++;
	if (i + 1 < n && (strcasecmp(word[i], "A") == 0 || strcasecmp(word[i], "AAAA") == 0))
		return name_row(im, word[i + 1], z->owner, err);
	return 0;
}

/* The origin of a zone file without $ORIGIN is its file name: "example.org", "example.org.zone",
 * "example.org.db", "db.example.org". */
static void guess_origin(const char *path, char origin[NAME_SIZE])
{
	static const char *const endings[] = { ".zone", ".db" };
	const char *name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
	size_t n;

	name += strncmp(name, "db.", 3) == 0 ? 3 : 0;
	n = strlen(name);
	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
		size_t m = strlen(endings[i]);
		if (n > m && strcmp(name + n - m, endings[i]) == 0)
			n -= m;
	}
	snprintf(origin, NAME_SIZE, "%.*s.", (int)(n < NAME_SIZE - 2 ? n : NAME_SIZE - 2), name);
}

int import_zone(struct import *im, const char *path, struct err *err)
{
	CLEANUP_FILE FILE *f = NULL;
	CLEANUP_FREE char *line = NULL;
	struct zone z = { .depth = 0 };
	size_t room = 0;

	if (open_file(path, &f, err))
		return -1;
	guess_origin(path, z.origin);
	while (getline(&line, &room, f) >= 0)
		if (zone_line(im, &z, line, err))
			return -1;
	return 0;
}

/* dhcpd.leases(5) of ISC: blocks "lease ADDRESS {…}"; the last block of an address is the one in
 * force. */
struct dhcp_lease {
	char address[64], name[NAME_SIZE];
	bool active;
};

static void isc_line(struct dhcp_lease *lease, char *line)
{
	char *quote = strchr(line, '"');

	if (strstr(line, "client-hostname") && quote) {
		quote[1 + strcspn(quote + 1, "\"")] = '\0';
		snprintf(lease->name, sizeof(lease->name), "%s", quote + 1);
	} else if (strstr(line, "binding state") && !strstr(line, "next") &&
		   !strstr(line, "rewind")) {
		lease->active = strstr(line, " active") != NULL;
	}
}

/* A name is what a client called itself: one that is no UTF-8 is left out, and no reason to give
 * up. */
static void take_lease(struct import *im, json_t *names, const char *address, const char *name)
{
	if (!*name)
		json_object_del(names, address);
	else if (json_object_set_new(names, address, json_string(name)))
		im->skipped++;
}

static void isc_leases(struct import *im, FILE *f, json_t *names)
{
	CLEANUP_FREE char *line = NULL;
	struct dhcp_lease lease = { .active = false };
	size_t room = 0;

	while (getline(&line, &room, f) >= 0) {
		char *text = line + strspn(line, " \t");

		if (strncmp(text, "lease ", 6) == 0) {
			lease = (struct dhcp_lease){ .active = false };
			snprintf(lease.address, sizeof(lease.address), "%.*s",
				 (int)strcspn(text + 6, " {"), text + 6);
		} else if (*text == '}' && *lease.address) {
			take_lease(im, names, lease.address, lease.active ? lease.name : "");
			*lease.address = '\0';
		} else if (*text != '#') {
			isc_line(&lease, text);
		}
	}
}

/* Where the columns of Kea's memfile are; -1: nowhere. */
struct kea {
	int address, name, state, life;
};

static void kea_header(struct kea *kea, char *const *cell, int n)
{
	const struct {
		const char *name;
		int *at;
	} columns[] = { { "address", &kea->address },
			{ "hostname", &kea->name },
			{ "state", &kea->state },
			{ "valid_lifetime", &kea->life } };

	for (size_t c = 0; c < sizeof(columns) / sizeof(columns[0]); c++) {
		*columns[c].at = -1;
		for (int i = 0; i < n; i++)
			if (strcmp(cell[i], columns[c].name) == 0)
				*columns[c].at = i;
	}
}

static int hex_digit(char c)
{
	return isdigit((unsigned char)c) ? c - '0' : tolower((unsigned char)c) - 'a' + 10;
}

/* Kea writes a comma within a cell, and its own mark, as "&#x" and two hexadecimal digits. */
static void kea_unescape(char *text)
{
	char *to = text;

	for (const char *from = text; *from;) {
		bool mark = strncmp(from, "&#x", 3) == 0 && isxdigit((unsigned char)from[3]) &&
			    isxdigit((unsigned char)from[4]);

		*to++ = mark ? (char)(hex_digit(from[3]) * 16 + hex_digit(from[4])) : *from;
		from += mark ? 5 : 1;
	}
	*to = '\0';
}

/* State 0 is in force, and a lifetime of 0 says that the lease was deleted. Later lines replace
 * earlier ones. */
static void kea_line(struct import *im, const struct kea *kea, char *const *cell, json_t *names)
{
	bool over = kea->state >= 0 && strcmp(cell[kea->state], "0") != 0;

	over |= kea->life >= 0 && strcmp(cell[kea->life], "0") == 0;
	kea_unescape(cell[kea->name]);
	take_lease(im, names, cell[kea->address], over ? "" : cell[kea->name]);
}

/* Kea's memfile: CSV with "address" and "hostname" in the header. */
static void kea_leases(struct import *im, FILE *f, char *header, json_t *names)
{
	CLEANUP_FREE char *line = NULL;
	struct kea kea;
	char *cell[64];
	size_t room = 0;
	int columns;

	header[strcspn(header, "\r\n")] = '\0';
	columns = csv_split(header, cell, 64);
	kea_header(&kea, cell, columns);
	while (kea.address >= 0 && kea.name >= 0 && getline(&line, &room, f) >= 0) {
		line[strcspn(line, "\r\n")] = '\0';
		if (csv_split(line, cell, 64) == columns)
			kea_line(im, &kea, cell, names);
		else
			im->skipped++;
	}
}

/* dnsmasq: expiry, MAC, address, name or "*", client id. */
static void dnsmasq_line(struct import *im, char *line, json_t *names)
{
	char *word[WORDS_MAX];

	if (split_words(line, word) >= 4 && isdigit((unsigned char)*word[0]))
		take_lease(im, names, word[2], strcmp(word[3], "*") ? word[3] : "");
}

int import_leases(struct import *im, const char *path, struct err *err)
{
	CLEANUP_JSON json_t *names = json_object();
	CLEANUP_FILE FILE *f = NULL;
	CLEANUP_FREE char *line = NULL;
	const char *address;
	size_t room = 0;
	json_t *name;

	if (open_file(path, &f, err))
		return -1;
	while (getline(&line, &room, f) >= 0) {
		if (strncmp(line, "address,", 8) == 0) {
			kea_leases(im, f, line, names);
		} else if (strncmp(line, "lease ", 6) == 0) {
			rewind(f);
			isc_leases(im, f, names);
		} else {
			dnsmasq_line(im, line, names);
		}
	}
	json_object_foreach (names, address, name)
		if (name_row(im, address, json_string_value(name), err))
			return -1;
	return 0;
}
