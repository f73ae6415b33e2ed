/* SPDX-License-Identifier: Apache-2.0
 * A ranking as a section of a report: a table with bars, what is known of the others, and the
 * searches behind it. */
#include "importer/report/ranking.h"

#include "common/cleanup.h"
#include "importer/core/table.h"
#include "importer/query/rank_show.h"

#define NAME_MAX_SHOWN 60

static void row_write(struct html_page *p, const char *name, const struct figures *f,
		      const struct rank *r, bool is_sum)
{
	char number[NUMBER_MAX];
	uint64_t most = r->n ? r->row[0].figures.bytes : 0;
	double share = r->all.bytes ? 100.0 * (double)f->bytes / (double)r->all.bytes : 0;
	page_add(p, "<tr%s><td style=\"--w:%.1f%%\">", is_sum ? " class=\"sum\"" : "",
		 is_sum || !most ? 0.0 : 100.0 * (double)f->bytes / (double)most);
	page_name(p, name, NAME_MAX_SHOWN);
	page_add(p, "</td><td data-bytes=\"%llu\">%s%s</td><td>%.1f %%</td>",
		 (unsigned long long)f->bytes, f->rate > 1 ? "~ " : "",
		 bytes_text(f->bytes, number), share);
	page_add(p, "<td class=\"minor\">%s</td>", number_text(f->packets, number));
	page_add(p, "<td>%s</td></tr>\n", number_text(f->flows, number));
}

static void rows_write(struct html_page *p, const struct rank *r, const struct subject *s)
{
	char text[SUBJECT_TEXT_MAX];
	page_add(p, "<div class=\"wide\"><table><thead><tr><th></th><th>Bytes</th><th>Share</th>"
		    "<th class=\"minor\">Packets</th><th>Flows</th></tr></thead><tbody>\n");
	for (size_t i = 0; i < r->n; i++)
		row_write(p, rank_name(&r->row[i], s, text), &r->row[i].figures, r, false);
	if (r->rest.flows)
		row_write(p, "others", &r->rest, r, true);
	if (r->none.flows)
		row_write(p, s->none, &r->none, r, true);
	page_add(p, "</tbody></table></div>\n");
}

void ranking_write(struct html_page *p, const char *title, const struct rank *r,
		   const struct rank_ask *ask, const char *pattern, const char *note)
{
	CLEANUP_FREE char *proof = rank_proof(r, ask);
	page_add(p, "<section%s><h2>%s</h2>\n", ask->subject->fields > 1 ? " class=\"full\"" : "",
		 title);
	page_note(p, note);
	if (r->n)
		rows_write(p, r, ask->subject);
	page_note(p, r->n ? proof : "No flow has one.");
	page_asked(p, pattern, r->asked);
	page_add(p, "</section>\n");
}
