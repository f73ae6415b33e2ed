/* SPDX-License-Identifier: Apache-2.0
 * Threat indicators as ECS documents in logs-ti_flow-<namespace>, for Kibana's Intelligence page
 * and match rules. */
#include "importer/dictionary/indicators.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/clock.h"
#include "common/ecs.h"
#include "common/names.h"
#include "importer/assets/canon.h"
#include "importer/client/es.h"
#include "importer/core/json.h"
#include "importer/dictionary/dict_cell.h"

#define BATCH     5000
#define BATCH_MAX (16U << 20)

/* Columns of threats.csv. */
enum { PREFIX, FEED, CATEGORY, SEVERITY, REFERENCE };

struct indicators_out {
	struct es *es;
	char path[NAME_ROOM + 120];
	const char *namespace;
	char now[CLOCK_TEXT_MAX]; /* of @timestamp */
	struct buf bulk;
	size_t n;
	struct indicators_report report;
};

static void set_text(json_t *object, const char *name, const char *text)
{
	if (*text)
		json_object_set_new(object, name, json_string(text));
}

static json_t *indicator_document(const struct indicators_out *s, const struct dict_row *row)
{
	bool v6 = strchr(row->cell[PREFIX], ':') != NULL;
	json_t *indicator = json_pack("{s:s,s:s,s:s}", "name", row->cell[PREFIX], "type",
				      v6 ? "ipv6-addr" : "ipv4-addr", "provider", row->cell[FEED]);
	json_t *event = json_pack("{s:s,s:[s],s:[s],s:s,s:s}", "kind", "enrichment", "category",
				  "threat", "type", "indicator", "module", "ti_flow", "dataset",
				  NAME(es_prefix(s->es), "ti_flow"));

	if (!strchr(row->cell[PREFIX], '/'))
		set_text(indicator, "ip", row->cell[PREFIX]);
	set_text(indicator, "description", row->cell[CATEGORY]);
	set_text(indicator, "reference", row->cell[REFERENCE]);
	if (*row->cell[SEVERITY])
		json_object_set_new(event, "severity",
				    json_integer(strtol(row->cell[SEVERITY], NULL, 10)));
	return json_pack("{s:s,s:{s:s},s:{s:s,s:s,s:s},s:o,s:{s:{s:s},s:o}}", "@timestamp", s->now,
			 "ecs", "version", ECS_VERSION, "data_stream", "type", "logs", "dataset",
			 NAME(es_prefix(s->es), "ti_flow"), "namespace", s->namespace, "event",
			 event, "threat", "feed", "name", row->cell[FEED], "indicator", indicator);
}

/* Every item was stored or was there already; the first other one is an error. */
static int read_reply(struct indicators_out *s, const json_t *reply, struct err *err)
{
	json_t *item;
	size_t i;

	if (json_array_size(json_object_get(reply, "items")) != s->n)
		return err_set(err, EF_FAILED, "%s does not answer for each of %zu indicators",
			       es_url(s->es), s->n);
	json_array_foreach (json_object_get(reply, "items"), i, item) {
		long long status = json_int_at(item, "create.status");
		char reason[300];

		if (status == 409) {
			s->report.present++;
		} else if (status / 100 == 2) {
			s->report.stored++;
		} else {
			es_reason(json_object_get(item, "create"), reason, sizeof(reason));
			return err_set(err, EF_FAILED, "an indicator was refused (%lld): %s",
				       status, reason);
		}
	}
	return 0;
}

static int indicators_flush(struct indicators_out *s, struct err *err)
{
	CLEANUP_JSON json_t *reply = NULL;
	long status;

	if (s->n == 0)
		return 0;
	if (es_send(s->es, "POST", s->path, "application/x-ndjson", s->bulk.data, s->bulk.len,
		    &status, &reply, err))
		return -1;
	if (status / 100 != 2)
		return es_fail(s->es, "POST", s->path, status, reply, err);
	int rc = read_reply(s, reply, err);
	buf_clear(&s->bulk);
	s->n = 0;
	return rc;
}

static int indicator_add(struct indicators_out *s, const struct dict_row *row, struct err *err)
{
	CLEANUP_JSON json_t *doc = indicator_document(s, row);
	CLEANUP_JSON json_t *key =
	    json_pack("[s,s,s%]", row->cell[PREFIX], row->cell[FEED], s->now, (size_t)10);
	CLEANUP_FREE char *text = doc ? json_dumps(doc, JSON_COMPACT) : NULL;
	char hash[CANON_HASH_MAX];

	if (!text || !key)
		return err_set(err, EF_FAILED, "out of memory");
	canon_hash(key, hash);
	if (buf_add_fmt(&s->bulk, "{\"create\":{\"_id\":\"%.32s\"}}\n%s\n", hash, text))
		return err_set(err, EF_FAILED, "indicators: out of memory");
	return ++s->n == BATCH || s->bulk.len > BATCH_MAX / 2 ? indicators_flush(s, err) : 0;
}

static bool is_allowed(const struct dict_rows *allow, const struct dict_row *row)
{
	struct prefix p = dict_cell_prefix(row->cell[PREFIX]);

	for (const struct dict_row *a = allow->row; a; a = a->hh.next) {
		struct prefix allowed = dict_cell_prefix(a->cell[0]);
		if (allowed.len <= p.len && prefix_holds(&allowed, &p.ip))
			return true;
	}
	return false;
}

int indicators_send(struct es *es, const char *namespace, struct dict_set *set,
		    struct indicators_report *ret_report, struct err *err)
{
	struct indicators_out s = { .es = es, .namespace = namespace };
	const struct dict_rows *rows, *allow;
	int rc = 0;

	if (dict_set_rows(set, "threats", &rows, err) ||
	    dict_set_rows(set, "threat-allow", &allow, err))
		return -1;
	snprintf(s.path, sizeof(s.path), "/%s-%s/_bulk", NAME(es_prefix(es), "logs-ti_flow"),
		 namespace);
	clock_text(clock_wall_ms(), s.now);
	buf_init(&s.bulk, BATCH_MAX);
	for (const struct dict_row *row = rows->row; rc == 0 && row; row = row->hh.next)
		if (!is_allowed(allow, row))
			rc = indicator_add(&s, row, err);
	if (rc == 0)
		rc = indicators_flush(&s, err);
	buf_release(&s.bulk);
	if (rc == 0)
		*ret_report = s.report;
	return rc;
}
