/* SPDX-License-Identifier: Apache-2.0
 * Threat feeds: download, sanity checks, and the CSV that is kept of each. */
#include "importer/dictionary/feed.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "common/csv.h"
#include "common/conf.h"
#include "common/http.h"
#include "common/url.h"
#include "importer/core/files.h"
#include "importer/core/hourly.h"
#include "importer/dictionary/dict.h"
#include "importer/dictionary/dict_cell.h"
#include "importer/dictionary/dict_layers.h"
#include "importer/dictionary/feed_parse.h"

#define KEPT_MAX (256U << 20)

const struct feed_use_row feed_uses[FEED_USES] = {
	[FEED_FREE] = { "free", "anybody" },
	[FEED_UNCLEAR] = { "unclear", "unclear" },
	[FEED_NONCOMMERCIAL] = { "noncommercial", "NOT COMMERCIAL" },
};

char *feed_file(const char *feed)
{
	char *name = NULL;

	if (asprintf(&name, DICT_FEEDS "/%s.csv", feed) < 0)
		return NULL;
	for (char *p = name + strlen(DICT_FEEDS "/"); p[4]; p++) /* all but ".csv" */
		*p = isalnum((unsigned char)*p) ? (char)tolower((unsigned char)*p) : '-';
	return name;
}

char *feed_path(const char *dir, const char *feed)
{
	CLEANUP_FREE char *name = feed_file(feed);
	char *path = NULL;

	return name && asprintf(&path, "%s/%s", dir, name) >= 0 ? path : NULL;
}

static int read_interval(const char *text, int64_t *ret_ms, struct err *err)
{
	static const struct opt interval = {
		.name = "interval", .type = OPT_DURATION, .min = 60000, .max = 366LL * 86400000
	};

	return conf_set(&interval, ret_ms, text, "interval", err);
}

int64_t feed_interval_ms(const struct dict_row *row)
{
	struct err unused;
	int64_t ms = 0;

	return read_interval(row->cell[FEED_INTERVAL], &ms, &unused) ? 0 : ms;
}

int64_t feed_stale_ms(const struct dict_row *row)
{
	return hourly_stale_ms(feed_interval_ms(row));
}

static int find_use(const char *word)
{
	for (int i = 0; i < FEED_USES; i++)
		if (strcmp(feed_uses[i].word, word) == 0)
			return i;
	return *word ? -1 : FEED_UNCLEAR;
}

enum feed_use feed_use(const struct dict_row *row)
{
	int use = find_use(row->cell[FEED_USE]);

	return use < 0 ? FEED_UNCLEAR : (enum feed_use)use;
}

static int feed_check(const struct dict_row *row, struct err *err)
{
	struct feed_format format;
	int64_t ms;

	if (feed_format_parse(row->cell[FEED_FORMAT], &format, err) ||
	    read_interval(row->cell[FEED_INTERVAL], &ms, err))
		return err_wrap(err, "%s:%u", row->origin, row->line);
	if (strncmp(row->cell[FEED_URL], "http://", 7) != 0 &&
	    strncmp(row->cell[FEED_URL], "https://", 8) != 0)
		return dict_row_error(row, err, "url must start with http:// or https://");
	if (find_use(row->cell[FEED_USE]) < 0)
		return dict_row_error(row, err, "use must be free, noncommercial or unclear");
	return 0;
}

int feed_check_all(const struct dict_rows *feeds, struct err *err)
{
	CLEANUP_JSON json_t *seen = json_object();

	for (const struct dict_row *row = feeds->row; row; row = row->hh.next) {
		CLEANUP_FREE char *path = feed_path("", row->cell[FEED_NAME]);
		const char *other = path ? json_string_value(json_object_get(seen, path)) : NULL;

		if (feed_check(row, err))
			return -1;
		if (other)
			return dict_row_error(
			    row, err,
			    "feed \"%s\" would be kept in the file of feed \"%s\"; "
			    "give it a name that differs in letters or digits",
			    row->cell[FEED_NAME], other);
		if (!path || json_object_set_new(seen, path, json_string(row->cell[FEED_NAME])))
			return err_set(err, EF_FAILED, "out of memory");
	}
	return 0;
}

int64_t feed_confirmed_ms(const char *path)
{
	struct stat st;

	return stat(path, &st) ? 0 : st.st_mtim.tv_sec * 1000LL;
}

int64_t feed_age_ms(const char *path)
{
	int64_t confirmed = feed_confirmed_ms(path);

	return confirmed ? (int64_t)clock_wall_ms() - confirmed : -1;
}

size_t feed_kept_rows(const char *path)
{
	struct err none = ERR_NONE;
	CLEANUP_FILE FILE *f = file_open(path, &none);
	char line[4096];
	size_t n = 0;

	while (f && fgets(line, sizeof(line), f))
		n += *line != '#';
	return n ? n - 1 : 0; /* less the header */
}

#define AS_SIZE 200

/* What the kept file says of its download, in the comments at its head. */
struct feed_file {
	char url[1024], as[AS_SIZE], etag[128], last_modified[64];
};

static void read_kept(const char *path, struct feed_file *kept)
{
	struct err none = ERR_NONE;
	CLEANUP_FILE FILE *f = file_open(path, &none);
	char line[1100];

	memset(kept, 0, sizeof(*kept));
	while (f && fgets(line, sizeof(line), f) && *line == '#') {
		line[strcspn(line, "\n")] = '\0';
		if (strncmp(line, "# url: ", 7) == 0)
			snprintf(kept->url, sizeof(kept->url), "%s", line + 7);
		else if (strncmp(line, "# as: ", 6) == 0)
			snprintf(kept->as, sizeof(kept->as), "%s", line + 6);
		else if (strncmp(line, "# etag: ", 8) == 0)
			snprintf(kept->etag, sizeof(kept->etag), "%s", line + 8);
		else if (strncmp(line, "# last-modified: ", 17) == 0)
			snprintf(kept->last_modified, sizeof(kept->last_modified), "%s", line + 17);
	}
}

/* What of a row is in the kept file besides the addresses. */
static void row_as(const struct dict_row *row, char text[AS_SIZE])
{
	snprintf(text, AS_SIZE, "%s %s %s", row->cell[FEED_FORMAT], row->cell[FEED_CATEGORY],
		 row->cell[FEED_SEVERITY]);
}

/* Whether the row still says what it said at the download: else the file is no answer to it,
 * however young. */
static bool is_of(const struct feed_file *kept, const struct dict_row *row)
{
	char as[AS_SIZE];

	row_as(row, as);
	return strcmp(kept->url, row->cell[FEED_URL]) == 0 && strcmp(kept->as, as) == 0;
}

static int download(struct http *http, const struct dict_row *row, const struct feed_file *kept,
		    struct http_reply *reply, struct err *err)
{
	char match[160], since[96], shown[URL_SHOWN_MAX];
	const char *headers[4] = { "Accept-Encoding: identity" };
	struct http_request request = {
		.method = "GET", .url = row->cell[FEED_URL], .headers = headers, .anonymous = true
	};
	bool same = is_of(kept, row);
	int n = 1;

	if (same && *kept->etag) {
		snprintf(match, sizeof(match), "If-None-Match: %s", kept->etag);
		headers[n++] = match;
	}
	if (same && *kept->last_modified) {
		snprintf(since, sizeof(since), "If-Modified-Since: %s", kept->last_modified);
		headers[n++] = since;
	}
	if (http_do(http, &request, reply, err))
		return -1;
	if (reply->status == 304 || reply->status == 200)
		return 0;
	url_shown(row->cell[FEED_URL], shown, sizeof(shown));
	if (reply->status / 100 == 3)
		return err_set(err, EF_FAILED, "%s has moved (HTTP %ld): correct its url", shown,
			       reply->status);
	return err_set(err, EF_FAILED, "%s answers HTTP %ld", shown, reply->status);
}

static bool overlap(const struct prefix *a, const struct prefix *b)
{
	return a->len <= b->len ? prefix_holds(a, &b->ip) : prefix_holds(b, &a->ip);
}

/* Private, reserved and multicast space is never a threat: a feed that names it has made a
 * mistake. */
static bool is_reserved(const struct prefix *p, const struct prefix *reserved, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (overlap(p, &reserved[i]))
			return true;
	return false;
}

static struct prefix *reserved_space(const struct dict_rows *special, size_t *ret_n)
{
	struct prefix *list = calloc(special->n + 1, sizeof(*list));
	size_t n = 0;

	for (const struct dict_row *row = special->row; list && row; row = row->hh.next)
		if (strcmp(row->cell[2], "true") != 0 || strcmp(row->cell[3], "true") == 0)
			list[n++] = dict_cell_prefix(row->cell[0]);
	*ret_n = n;
	return list;
}

bool feed_too_wide(const struct prefix *p)
{
	bool v4 = p->len >= 96 && ip_is_v4(&p->ip);

	return v4 ? p->len < 96 + FEED_V4_MIN : p->len < FEED_V6_MIN;
}

static int add_entry(struct buf *out, const struct prefix *p, const struct dict_row *row)
{
	char text[IP_TEXT_MAX];
	bool v4 = ip_is_v4(&p->ip);

	ip_format(&p->ip, text);
	if (buf_add_text(out, text) ||
	    (p->len < 128 && buf_add_fmt(out, "/%d", v4 ? p->len - 96 : p->len)))
		return -1;
	if (buf_add_text(out, ",") || csv_add_quoted(out, row->cell[FEED_NAME]))
		return -1;
	return buf_add_fmt(out, ",%s,%s\n", row->cell[FEED_CATEGORY], row->cell[FEED_SEVERITY]);
}

static int write_entries(struct buf *out, const struct feed_prefixes *found,
			 const struct dict_row *row, const struct dict_rows *special,
			 struct feed_report *report, struct err *err)
{
	size_t n = 0;
	CLEANUP_FREE struct prefix *reserved = reserved_space(special, &n);

	if (!reserved)
		return err_set(err, EF_FAILED, "out of memory");
	for (size_t i = 0; i < found->n; i++) {
		const struct prefix *p = &found->prefix[i];

		if (is_reserved(p, reserved, n))
			report->reserved++;
		else if (feed_too_wide(p))
			report->wide++;
		else if (add_entry(out, p, row))
			return err_set(err, EF_FAILED, "more than %u bytes", KEPT_MAX);
		else
			report->entries++;
	}
	return 0;
}

static bool is_blank(const struct buf *text)
{
	for (size_t i = 0; i < text->len; i++)
		if (!isspace((unsigned char)text->data[i]))
			return false;
	return true;
}

static int feed_keep(const char *dir, const struct dict_row *row, const struct http_reply *reply,
		     const struct dict_rows *special, struct feed_report *report, struct err *err)
{
	CLEANUP_FREE char *path = feed_path(dir, row->cell[FEED_NAME]);
	struct feed_prefixes found = { 0 };
	struct feed_format format;
	CLEANUP_BUF struct buf out;
	char as[AS_SIZE];
	int rc;

	buf_init(&out, KEPT_MAX);
	if (is_blank(&reply->body)) /* a list without entries has at least a comment that says so */
		return err_set(err, EF_FAILED, "%s answers with nothing", row->cell[FEED_URL]);
	row_as(row, as);
	if (!path ||
	    buf_add_fmt(&out, "# feed: %s\n# url: %s\n# as: %s\n# terms: %s\n",
			row->cell[FEED_NAME], row->cell[FEED_URL], as, row->cell[FEED_TERMS]) ||
	    buf_add_fmt(&out, "# etag: %s\n# last-modified: %s\nprefix,feed,category,severity\n",
			reply->etag, reply->last_modified))
		return err_set(err, EF_FAILED, "out of memory");
	if (feed_format_parse(row->cell[FEED_FORMAT], &format, err) ||
	    feed_parse(&format, reply->body.len ? reply->body.data : "", reply->body.len,
		       FEED_ENTRIES_MAX, &found, err))
		return err_wrap(err, "%s", row->cell[FEED_URL]);
	report->unreadable = found.unreadable;
	if (found.unreadable > found.n + found.names)
		rc = err_set(err, EF_FAILED,
			     "%zu lines hold no address, %zu do: is it still of the format %s?",
			     found.unreadable, found.n + found.names, row->cell[FEED_FORMAT]);
	else
		rc = write_entries(&out, &found, row, special, report, err);
	feed_prefixes_release(&found);
	if (rc)
		return -1;
	return file_write_below(dir, path + strlen(dir) + 1, out.data, out.len, 0644, err);
}

/* The file is as it was, and that is news. Of another user's, who may have run this by hand, it
 * becomes the caller's own. */
static int confirm(const char *dir, const char *path, struct err *err)
{
	CLEANUP_FREE char *text = NULL;
	size_t len;

	if (utimensat(AT_FDCWD, path, NULL, 0) == 0)
		return 0;
	if (file_read(path, KEPT_MAX, &text, &len, err))
		return -1;
	return file_write_below(dir, path + strlen(dir) + 1, text, len, 0644, err);
}

int feed_update(struct http *http, const char *dir, const struct dict_row *row,
		const struct dict_rows *special, bool force, struct feed_report *ret_report,
		struct err *err)
{
	CLEANUP_FREE char *path = feed_path(dir, row->cell[FEED_NAME]);
	struct feed_report report = { .outcome = FEED_NEW,
				      .age_ms = path ? feed_age_ms(path) : -1 };
	struct http_reply reply = { 0 };
	struct feed_file kept;
	int rc;

	if (!path)
		return err_set(err, EF_FAILED, "out of memory");
	read_kept(path, &kept);
	if (!force && report.age_ms >= 0 && !hourly_is_due(report.age_ms, feed_interval_ms(row)) &&
	    is_of(&kept, row)) {
		report.outcome = FEED_WAIT;
		*ret_report = report;
		return 0;
	}
	buf_init(&reply.body, FEED_BYTES_MAX);
	rc = download(http, row, &kept, &reply, err);
	if (rc == 0 && reply.status == 304)
		report.outcome = FEED_SAME;
	if (rc == 0 && reply.status == 304)
		rc = confirm(dir, path, err);
	if (rc == 0 && reply.status == 200)
		rc = feed_keep(dir, row, &reply, special, &report, err);
	buf_release(&reply.body);
	if (rc)
		return err_wrap(err, "feed %s", row->cell[FEED_NAME]);
	*ret_report = report;
	return 0;
}
