/* SPDX-License-Identifier: Apache-2.0
 * Shows a ranking: as a table, as CSV, as JSON. */
#include "importer/query/rank_show.h"

#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "importer/core/memory.h"
#include "importer/core/print.h"
#include "importer/core/table.h"

#define NAME_WIDTH_MAX 70
#define NAME_WIDTH_MIN 12
#define TABLE_WIDTH    160 /* where standard output is no terminal */

const char *rank_name(const struct rank_row *row, const struct subject *s, char *text)
{
	subject_text(s, row->key, text);
	size_t n = strlen(text);
	if (row->label && *row->label)
		snprintf(text + n, SUBJECT_TEXT_MAX - n, " %s", row->label);
	return text;
}

/* ---- what is known of the others ---- */

static const char *value_text(uint64_t v, enum measure by, char text[PLURAL_MAX])
{
	static const char *const units[] = { "byte", "packet", "flow", "peer", "" };
	return by == BY_PEAK ? rate_text(v, text) : plural_text(v, units[by], text);
}

char *rank_proof(const struct rank *r, const struct rank_ask *ask)
{
	char *text = NULL;
	char most[PLURAL_MAX];
	int got;
	const char *about = r->about ? " (counted by an estimate of the cluster's)" : "";
	value_text(r->others, ask->by, most);
	if (r->exact && r->others == 0)
		got = asprintf(&text, "These are all values there are%s.", about);
	else if (r->exact)
		got = asprintf(&text, "Every value was counted; no other one has more than %s%s.",
			       most, about);
	else if (r->others == UINT64_MAX)
		got = asprintf(&text,
			       "At least: nothing is known of the values that are not shown, and "
			       "figures may be too low; --exact counts every value.");
	else if (r->certain == r->n)
		got = asprintf(&text, "No other value can exceed %s%s.", most, about);
	else
		got = asprintf(&text,
			       "At least: a value that is not shown may have up to %s%s, so %zu of "
			       "%zu rows are sure to be here; --exact counts every value.",
			       most, about, r->certain, r->n);
	if (got < 0)
		memory_out();
	return text;
}

/* ---- table ---- */

struct layout {
	int name;
	bool ways, packets, mean, flows, peers, peak;
	uint64_t ms;
	const struct subject *s;
	uint64_t total;
};

static int layout_width(const struct layout *l)
{
	return 20 + 8 + (l->ways ? 24 : 0) + (l->packets ? 15 : 0) + (l->flows ? 12 : 0) +
	       (l->mean ? 14 : 0) + (l->peers ? 9 : 0) + (l->peak ? 14 : 0);
}

static struct layout layout_of(const struct rank *r, const struct rank_ask *ask)
{
	struct layout l = {
		.ways = true,
		.packets = true,
		.mean = true,
		.flows = true,
		.peers = ask->by == BY_PEERS,
		.peak = ask->by == BY_PEAK,
		.ms = r->to_ms > r->from_ms ? r->to_ms - r->from_ms : 0,
		.s = ask->subject,
		.total = r->all.bytes,
	};
	char text[SUBJECT_TEXT_MAX];
	int room = (int)rows_width(TABLE_WIDTH), longest = (int)cell_width(ask->subject->title);
	for (size_t i = 0; i < r->n; i++) {
		int n = (int)cell_width(rank_name(&r->row[i], ask->subject, text));
		longest = n > longest ? n : longest;
	}
	if ((int)text_width(ask->subject->none) + 2 > longest && r->none.flows)
		longest = (int)text_width(ask->subject->none) + 2;
	longest = longest > NAME_WIDTH_MAX ? NAME_WIDTH_MAX : longest;
	longest = longest < NAME_WIDTH_MIN ? NAME_WIDTH_MIN : longest;
	bool *const spare[] = { &l.ways, &l.packets, &l.mean, &l.flows };
	for (size_t i = 0; i < sizeof(spare) / sizeof(spare[0]); i++) {
		/* the last ones go where a name would have no room at all */
		const int wanted = i < 2 ? longest : NAME_WIDTH_MIN;
		if (layout_width(&l) + wanted > room)
			*spare[i] = false;
	}
	int left = room - layout_width(&l);
	l.name = longest <= left ? longest : left < NAME_WIDTH_MIN ? NAME_WIDTH_MIN : left;
	return l;
}

static void row_show(const struct layout *l, const char *name, const struct figures *f, bool total,
		     bool ways)
{
	char number[NUMBER_MAX];
	print_cell(stdout, name, l->name, 0);
	print_plain(stdout, " %s%18s", f->rate > 1 ? "~" : " ", number_text(f->bytes, number));
	if (total || !l->total)
		print_plain(stdout, "%8s", "");
	else
		print_plain(stdout, " %5.1f %%", 100.0 * (double)f->bytes / (double)l->total);
	if (l->ways)
		print_plain(stdout, "%12s", ways ? bytes_text(f->sent, number) : "");
	if (l->ways)
		print_plain(stdout, "%12s", ways ? bytes_text(f->received, number) : "");
	if (l->packets)
		print_plain(stdout, "%15s", number_text(f->packets, number));
	if (l->flows)
		print_plain(stdout, "%12s", number_text(f->flows, number));
	if (l->mean)
		print_plain(stdout, "%14s", rate_text(figures_rate(f->bytes, l->ms), number));
	if (l->peers)
		print_plain(stdout, "%9s", f->peers ? number_text(f->peers, number) : "");
	if (l->peak)
		print_plain(stdout, "%14s", f->peak ? rate_text(f->peak, number) : "");
	print_plain(stdout, "\n");
}

static void feet_show(const struct rank *r, const struct rank_ask *ask)
{
	char number[PLURAL_MAX], more[NUMBER_MAX], from[WHEN_MAX], to[WHEN_MAX];
	CLEANUP_FREE char *proof = rank_proof(r, ask);
	bool sampled = r->all.rate > 1;
	print_plain(stdout, "\n%s\n", proof);
	if (sampled)
		print_plain(stdout,
			    "~ has sampled flows: figures are estimates, one packet in up to %s "
			    "was looked at.\n",
			    number_text(r->all.rate, number));
	if (ask->subject->sides > 1 || ask->subject->many)
		print_plain(
		    stdout, "%s\n",
		    ask->subject->sides > 1
			? "A flow counts for both its ends, so shares add up to more than "
			  "100 %."
			: "A flow may have several values and counts for each, so shares may "
			  "add up to more than 100 %.");
	if (r->repeats || r->repeated_bytes)
		print_plain(
		    stdout, "Another meter counted the same: %s, and %s in all, are left out.\n",
		    plural_text(r->repeats, "record", number), bytes_text(r->repeated_bytes, more));
	minute_text(r->from_ms, from);
	print_plain(stdout, "From %s to %s.\n", from, minute_text(r->to_ms, to));
}

static void table_show(const struct rank *r, const struct rank_ask *ask)
{
	const struct layout l = layout_of(r, ask);
	const struct subject *s = ask->subject;
	char text[SUBJECT_TEXT_MAX];
	bool same = s->sides == 1; /* the directions of a flow, not those of an end */
	print_cell(stdout, s->title, l.name, 0);
	print_plain(stdout, " %19s%8s", "BYTES", "SHARE");
	if (l.ways)
		print_plain(stdout, "%12s%12s", s->sent, s->received);
	if (l.packets)
		print_plain(stdout, "%15s", "PACKETS");
	if (l.flows)
		print_plain(stdout, "%12s", "FLOWS");
	if (l.mean)
		print_plain(stdout, "%14s", "MEAN");
	if (l.peers)
		print_plain(stdout, "%9s", s->peers);
	if (l.peak)
		print_plain(stdout, "%14s", "HIGHEST");
	print_plain(stdout, "\n");
	for (size_t i = 0; i < r->n; i++)
		row_show(&l, rank_name(&r->row[i], s, text), &r->row[i].figures, false, true);
	snprintf(text, sizeof(text), "(%s)", s->none);
	if (r->none.flows)
		row_show(&l, text, &r->none, false, same);
	if (r->rest.flows)
		row_show(&l, "(others)", &r->rest, false, same);
	row_show(&l, "all", &r->all, true, same);
	feet_show(r, ask);
}

/* ---- CSV and JSON ---- */

static void csv_row(const char *kind, const char *name, const struct figures *f,
		    const struct rank *r, const struct rank_ask *ask)
{
	rows_csv_text(stdout, kind, true);
	rows_csv_text(stdout, name, false);
	rows_csv_number(stdout, f->bytes, false);
	rows_csv_number(stdout, f->sent, false);
	rows_csv_number(stdout, f->received, false);
	rows_csv_number(stdout, f->packets, false);
	rows_csv_number(stdout, f->flows, false);
	rows_csv_number(stdout, figures_rate(f->bytes, r->to_ms - r->from_ms), false);
	if (ask->by == BY_PEERS)
		rows_csv_number(stdout, f->peers, false);
	if (ask->by == BY_PEAK)
		rows_csv_number(stdout, f->peak, false);
	rows_csv_number(stdout, f->rate > 1 ? f->rate : 1, false);
	print_plain(stdout, "\n");
}

static void csv_show(const struct rank *r, const struct rank_ask *ask)
{
	char text[SUBJECT_TEXT_MAX];
	CLEANUP_FREE char *proof = rank_proof(r, ask);
	print_plain(stdout,
		    "row,name,bytes,sent,received,packets,flows,mean_bits_per_second,%ssampled\n",
		    ask->by == BY_PEERS  ? "peers,"
		    : ask->by == BY_PEAK ? "highest_bits_per_second,"
					 : "");
	for (size_t i = 0; i < r->n; i++)
		csv_row("value", rank_name(&r->row[i], ask->subject, text), &r->row[i].figures, r,
			ask);
	csv_row("none", ask->subject->none, &r->none, r, ask);
	if (!r->rest_unknown)
		csv_row("others", "others", &r->rest, r, ask);
	csv_row("all", "all", &r->all, r, ask);
	print_plain(stderr, "%s\n", proof);
}

static json_t *figures_json(const struct figures *f, const struct rank *r,
			    const struct rank_ask *ask)
{
	json_t *j =
	    json_pack("{s:I,s:I,s:I,s:I,s:I,s:I,s:I}", "bytes", (json_int_t)f->bytes, "packets",
		      (json_int_t)f->packets, "flows", (json_int_t)f->flows, "sent",
		      (json_int_t)f->sent, "received", (json_int_t)f->received, "bits_per_second",
		      (json_int_t)figures_rate(f->bytes, r->to_ms - r->from_ms), "sampled",
		      (json_int_t)(f->rate > 1 ? f->rate : 1));
	if (ask->by == BY_PEERS)
		json_object_set_new(j, "peers", json_integer((json_int_t)f->peers));
	if (ask->by == BY_PEAK)
		json_object_set_new(j, "highest_bits_per_second",
				    json_integer((json_int_t)f->peak));
	return j;
}

static void json_show(const struct rank *r, const struct rank_ask *ask)
{
	json_t *list = json_array();
	char text[SUBJECT_TEXT_MAX];
	for (size_t i = 0; i < r->n; i++) {
		json_t *row = figures_json(&r->row[i].figures, r, ask);
		json_object_set_new(row, "name",
				    json_string(rank_name(&r->row[i], ask->subject, text)));
		json_object_set(row, "key", r->row[i].key);
		json_array_append_new(list, row);
	}
	CLEANUP_FREE char *proof = rank_proof(r, ask);
	CLEANUP_JSON json_t *all = json_pack(
	    "{s:o,s:o,s:o,s:o?,s:b,s:I,s:o?,s:s,s:I,s:I,s:{s:I,s:I}}", "top", list, "all",
	    figures_json(&r->all, r, ask), "none", figures_json(&r->none, r, ask), "others",
	    r->rest_unknown ? NULL : figures_json(&r->rest, r, ask), "exact", r->exact, "certain",
	    (json_int_t)r->certain, "no_other_above",
	    r->others > INT64_MAX ? NULL : json_integer((json_int_t)r->others), "proof", proof,
	    "from_ms", (json_int_t)r->from_ms, "to_ms", (json_int_t)r->to_ms, "repeats", "flows",
	    (json_int_t)r->repeats, "bytes", (json_int_t)r->repeated_bytes);
	print_json(stdout, all, JSON_INDENT(2));
}

void rank_show(const struct rank *r, const struct rank_ask *ask, enum rows_format format)
{
	if (format == ROWS_JSON)
		json_show(r, ask);
	else if (format == ROWS_CSV)
		csv_show(r, ask);
	else
		table_show(r, ask);
}
