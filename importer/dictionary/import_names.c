/* SPDX-License-Identifier: Apache-2.0
 * Names of hosts out of hosts files, DNS zone files, and the lease files of DHCP servers. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/csv.h"
#include "common/ip.h"
#include "importer/dictionary/import.h"

#define NAME_SIZE 256 /* RFC 1035 section 2.3.4, and the NUL */
#define WORDS_MAX 16

static int open_file(const char *path, FILE **ret_file, struct err *err)
{
	*ret_file = fopen(path, "re");
	return *ret_file ? 0 : err_errno(err, EF_USAGE, errno, "cannot open %s", path);
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

	line[strcspn(line, ";")] = '\0';
	for (const char *p = line; *p; p++)
		z->depth += (*p == '(') - (*p == ')');
	n = split_words(line, word);
	if (outside || n == 0)
		return 0;
	if (strcasecmp(word[0], "$ORIGIN") == 0 && n > 1) {
		char name[NAME_SIZE];
		full_name(z, word[1], name);
		memcpy(z->origin, name, sizeof(name));
		return 0;
	}
	if (*word[0] == '$')
		return 0;
	if (!blank)
		full_name(z, word[0], z->owner);
	for (i = blank ? 0 : 1; i < n && is_ttl_or_class(word[i]);)
		i++;
	if (i + 1 < n && (strcasecmp(word[i], "A") == 0 || strcasecmp(word[i], "AAAA") == 0))
		return name_row(im, word[i + 1], z->owner, err);
	return 0;
}

/* The origin of a zone file without $ORIGIN is its file name: "example.org" or "example.org.zone", "db.example.org". */
static void guess_origin(const char *path, char origin[NAME_SIZE])
{
	const char *name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
	size_t n;

	name += strncmp(name, "db.", 3) == 0 ? 3 : 0;
	n = strlen(name);
	if (n > 5 && strcmp(name + n - 5, ".zone") == 0)
		n -= 5;
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

/* dhcpd.leases(5) of ISC: blocks "lease ADDRESS {…}"; the last block of an address is the one in force. */
struct lease {
	char address[64], name[NAME_SIZE];
	bool active;
};

static void isc_line(struct lease *lease, char *line)
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

static int isc_leases(FILE *f, json_t *names, struct err *err)
{
	CLEANUP_FREE char *line = NULL;
	struct lease lease = { .active = false };
	size_t room = 0;

	while (getline(&line, &room, f) >= 0) {
		char *text = line + strspn(line, " \t");

		if (strncmp(text, "lease ", 6) == 0) {
			lease = (struct lease){ .active = false };
			snprintf(lease.address, sizeof(lease.address), "%.*s",
				 (int)strcspn(text + 6, " {"), text + 6);
		} else if (*text == '}' && *lease.address) {
			if (!lease.active || !*lease.name)
				json_object_del(names, lease.address);
			else if (json_object_set_new(names, lease.address, json_string(lease.name)))
				return err_set(err, EF_FAILED, "lease of %s: bad name",
					       lease.address);
			*lease.address = '\0';
		} else if (*text != '#') {
			isc_line(&lease, text);
		}
	}
	return 0;
}

/* Kea's memfile: CSV with "address" and "hostname" in the header; state 0 is in force. Later lines replace earlier ones. */
static int kea_leases(FILE *f, char *header, json_t *names)
{
	CLEANUP_FREE char *line = NULL;
	char *cell[64];
	int address = -1, name = -1, state = -1, n;
	size_t room = 0;

	header[strcspn(header, "\r\n")] = '\0';
	n = csv_split(header, cell, 64);
	for (int i = 0; i < n; i++) {
		address = strcmp(cell[i], "address") == 0 ? i : address;
		name = strcmp(cell[i], "hostname") == 0 ? i : name;
		state = strcmp(cell[i], "state") == 0 ? i : state;
	}
	while (getline(&line, &room, f) >= 0) {
		line[strcspn(line, "\r\n")] = '\0';
		n = csv_split(line, cell, 64);
		if (n <= address || n <= name || n <= state || address < 0 || name < 0)
			continue;
		if (!*cell[name] || (state >= 0 && strcmp(cell[state], "0") != 0))
			json_object_del(names, cell[address]);
		else
			json_object_set_new(names, cell[address], json_string(cell[name]));
	}
	return 0;
}

/* dnsmasq: expiry, MAC, address, name or "*", client id. */
static void dnsmasq_line(char *line, json_t *names)
{
	char *word[WORDS_MAX];

	if (split_words(line, word) >= 4 && isdigit((unsigned char)*word[0]) &&
	    strcmp(word[3], "*") != 0)
		json_object_set_new(names, word[2], json_string(word[3]));
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
			kea_leases(f, line, names);
		} else if (strncmp(line, "lease ", 6) == 0) {
			rewind(f);
			if (isc_leases(f, names, err))
				return -1;
		} else {
			dnsmasq_line(line, names);
		}
	}
	json_object_foreach (names, address, name)
		if (name_row(im, address, json_string_value(name), err))
			return -1;
	return 0;
}
