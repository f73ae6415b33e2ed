/* SPDX-License-Identifier: Apache-2.0
 * Columns of efctl flows: what of a record stands in each, as text. */
#include "importer/flows_columns.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/cleanup.h"
#include "importer/core/json.h"
#include "importer/core/memory.h"
#include "importer/core/print.h"
#include "importer/core/table.h"

const json_t *flows_value(const json_t *doc, const char *field)
{
	const json_t *value = json_at(doc, field);
	return value ? value : json_object_get(doc, field);
}

/* A name may hold NULs, which would hide what is behind them: a symbol stands for each. */
static void string_print(FILE *out, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (text[i])
			fputc(text[i], out);
		else
			print_plain(out, "␀");
}

static void value_print(FILE *out, const json_t *value)
{
	size_t i;
	const json_t *one;
	if (json_is_string(value)) {
		string_print(out, json_string_value(value), json_string_length(value));
	} else if (json_is_array(value)) {
		json_array_foreach (value, i, one) {
			if (i)
				fputc(' ', out);
			value_print(out, one);
		}
	} else if (value && !json_is_null(value)) {
		CLEANUP_FREE char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
		if (text)
			fwrite(text, 1, strlen(text), out);
	}
}

/* Nearly all values are one text, or one number; NULL: this one is not. */
static char *value_alone(const json_t *value)
{
	char number[32];
	const char *text = json_string_value(value);
	if (!value || json_is_null(value))
		text = "";
	if (json_is_integer(value)) {
		snprintf(number, sizeof(number), "%lld", (long long)json_integer_value(value));
		text = number;
	}
	if (!text || (json_is_string(value) && strlen(text) != json_string_length(value)))
		return NULL;
	char *copy = strdup(text);
	if (!copy)
		memory_out();
	return copy;
}

char *flows_value_text(const json_t *value)
{
	char *text = value_alone(value);
	size_t len;
	if (text)
		return text;
	FILE *out = open_memstream(&text, &len);
	if (!out)
		memory_out();
	value_print(out, value);
	if (fclose(out) || !text)
		memory_out();
	return text;
}

static long long flows_number(const json_t *doc, const char *field)
{
	const json_t *value = flows_value(doc, field);
	if (json_is_string(value))
		return strtoll(json_string_value(value), NULL, 10);
	return json_is_number(value) ? (long long)json_number_value(value) : -1;
}

static const char *flows_text(const json_t *doc, const char *field)
{
	const json_t *value = flows_value(doc, field);
	return json_is_string(value) ? json_string_value(value) : "";
}

/* Local time with milliseconds; documents have "2026-11-01T14:00:00.000Z". */
static const char *time_cell(const json_t *doc, char text[FLOWS_TEXT_MAX])
{
	const char *stamp = flows_text(doc, "@timestamp");
	struct tm tm = { 0 };
	const char *rest = strptime(stamp, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(text, FLOWS_TEXT_MAX, "%.40s", stamp);
	if (!rest)
		return text;
	const time_t seconds = timegm(&tm);
	char part[4] = "000";
	if (*rest == '.')
		for (int i = 0; i < 3 && rest[i + 1] >= '0' && rest[i + 1] <= '9'; i++)
			part[i] = rest[i + 1];
	localtime_r(&seconds, &tm);
	const size_t n = strftime(text, FLOWS_TEXT_MAX, "%Y-%m-%d %H:%M:%S", &tm);
	snprintf(text + n, FLOWS_TEXT_MAX - n, ".%s", part);
	return text;
}

static const char *duration_cell(const json_t *doc, char text[FLOWS_TEXT_MAX])
{
	const long long ns = flows_number(doc, "event.duration");
	text[0] = '\0';
	if (ns >= 0)
		snprintf(text, FLOWS_TEXT_MAX, "%.3f", (double)ns / 1e9);
	return text;
}

/* An address with its port: 192.0.2.1:53, [2001:db8::1]:53. */
static const char *end_cell(const json_t *doc, const char *ip_field, const char *port_field,
			    char text[FLOWS_TEXT_MAX])
{
	const char *ip = flows_text(doc, ip_field);
	const long long port = flows_number(doc, port_field);
	const bool six = strchr(ip, ':') && port >= 0;
	int n = snprintf(text, FLOWS_TEXT_MAX, "%s%.60s%s", six ? "[" : "", *ip ? ip : "-",
			 six ? "]" : "");
	if (port >= 0)
		snprintf(text + n, FLOWS_TEXT_MAX - (size_t)n, ":%lld", port);
	return text;
}

static const char *source_cell(const json_t *doc, char text[FLOWS_TEXT_MAX])
{
	return end_cell(doc, "source.ip", "source.port", text);
}

static const char *destination_cell(const json_t *doc, char text[FLOWS_TEXT_MAX])
{
	return end_cell(doc, "destination.ip", "destination.port", text);
}

/* ......, with the letter of each flag that was seen, as nfdump has it */
static const char *flags_cell(const json_t *doc, char text[FLOWS_TEXT_MAX])
{
	static const struct {
		const char *name;
		char letter;
	} flags[] = { { "URG", 'U' }, { "ACK", 'A' }, { "PSH", 'P' },
		      { "RST", 'R' }, { "SYN", 'S' }, { "FIN", 'F' } };
	const json_t *seen = flows_value(doc, "flow.tcp.flags"), *one;
	size_t k;
	snprintf(text, FLOWS_TEXT_MAX, "%s", seen ? "......" : "");
	for (size_t i = 0; seen && i < 6; i++) {
		if (json_is_string(seen) && strcmp(json_string_value(seen), flags[i].name) == 0)
			text[i] = flags[i].letter;
		json_array_foreach (seen, k, one)
			if (json_is_string(one) &&
			    strcmp(json_string_value(one), flags[i].name) == 0)
				text[i] = flags[i].letter;
	}
	return text;
}

/* What counts; in brackets what totals leave out, because it is counted
 * elsewhere. */
static const char *counter_cell(const json_t *doc, const char *field, const char *duplicate,
				char text[FLOWS_TEXT_MAX])
{
	char number[NUMBER_MAX];
	const long long n = flows_number(doc, field), twice = flows_number(doc, duplicate);
	if (n > 0 || (n == 0 && twice <= 0))
		snprintf(text, FLOWS_TEXT_MAX, "%s", number_text((uint64_t)n, number));
	else if (twice > 0)
		snprintf(text, FLOWS_TEXT_MAX, "(%s)", number_text((uint64_t)twice, number));
	else
		text[0] = '\0';
	return text;
}

static const char *packets_cell(const json_t *doc, char text[FLOWS_TEXT_MAX])
{
	return counter_cell(doc, "network.packets", "flow.duplicate.packets", text);
}

static const char *bytes_cell(const json_t *doc, char text[FLOWS_TEXT_MAX])
{
	return counter_cell(doc, "network.bytes", "flow.duplicate.bytes", text);
}

/* What one has to know to read the figures. */
static const char *note_cell(const json_t *doc, char text[FLOWS_TEXT_MAX])
{
	CLEANUP_FREE char *reason = flows_value_text(flows_value(doc, "flow.duplicate.reason"));
	const long long rate = flows_number(doc, "flow.sampling.rate");
	int n = 0;
	text[0] = '\0';
	if (rate > 1)
		n = snprintf(text, FLOWS_TEXT_MAX, "sampled 1:%lld", rate);
	if (*reason)
		snprintf(text + n, FLOWS_TEXT_MAX - (size_t)n, "%sduplicate: %.80s", n ? ", " : "",
			 reason);
	return text;
}

const struct flows_column flows_table[] = {
	{ "TIME", time_cell, { "@timestamp" }, false, false, 1 },
	{ "SECONDS", duration_cell, { "event.duration" }, true, false, 6 },
	{ "PROTO", NULL, { "network.transport" }, false, false, 2 },
	{ "SOURCE", source_cell, { "source.ip", "source.port" }, false, false, 0 },
	{ "DESTINATION",
	  destination_cell,
	  { "destination.ip", "destination.port" },
	  false,
	  false,
	  0 },
	{ "FLAGS", flags_cell, { "flow.tcp.flags" }, false, false, 5 },
	{ "PACKETS",
	  packets_cell,
	  { "network.packets", "flow.duplicate.packets" },
	  true,
	  false,
	  3 },
	{ "BYTES", bytes_cell, { "network.bytes", "flow.duplicate.bytes" }, true, false, 0 },
	{ "SERVICE", NULL, { "flow.service.name" }, false, false, 7 },
	{ "APPLICATION", NULL, { "network.application" }, false, true, 0 },
	{ "CLIENT", NULL, { "flow.client.name" }, false, true, 0 },
	{ "SERVER", NULL, { "flow.server.name" }, false, true, 0 },
	{ "EXPORTER", NULL, { "observer.name" }, false, true, 0 },
	{ "IN", NULL, { "observer.ingress.interface.id" }, false, true, 0 },
	{ "OUT", NULL, { "observer.egress.interface.id" }, false, true, 0 },
	{ "SRC AS", NULL, { "source.as.number" }, true, true, 0 },
	{ "DST AS", NULL, { "destination.as.number" }, true, true, 0 },
	{ "SRC CC", NULL, { "source.geo.country_iso_code" }, false, true, 0 },
	{ "DST CC", NULL, { "destination.geo.country_iso_code" }, false, true, 0 },
	{ "NOTE", note_cell, { "flow.sampling.rate", "flow.duplicate.reason" }, false, false, 0 },
	{ NULL, NULL, { NULL }, false, false, 0 },
};

const char *const flows_csv[] = { "@timestamp",
				  "event.duration",
				  "network.transport",
				  "source.ip",
				  "source.port",
				  "destination.ip",
				  "destination.port",
				  "flow.tcp.flags",
				  "source.bytes",
				  "source.packets",
				  "destination.bytes",
				  "destination.packets",
				  "network.bytes",
				  "network.packets",
				  "client.ip",
				  "server.ip",
				  "flow.service.name",
				  "network.application",
				  "network.direction",
				  "observer.name",
				  "observer.ingress.interface.id",
				  "observer.egress.interface.id",
				  "source.as.number",
				  "destination.as.number",
				  "source.geo.country_iso_code",
				  "destination.geo.country_iso_code",
				  "flow.sampling.rate",
				  "flow.duplicate.reason",
				  "flow.duplicate.bytes",
				  "flow.duplicate.packets",
				  NULL };

const char *flows_sort_field(const char *word)
{
	static const char *const words[][2] = {
		{ "time", "@timestamp" },         { "bytes", "network.bytes" },
		{ "packets", "network.packets" }, { "duration", "event.duration" },
		{ "exporter", "observer.name" },  { "service", "flow.service.name" },
		{ "src", "source.ip" },           { "dst", "destination.ip" },
		{ "client", "client.ip" },        { "server", "server.ip" },
	};
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(words[i][0], word) == 0)
			return words[i][1];
	return word;
}
