/* SPDX-License-Identifier: Apache-2.0
 * What doctor finds of how exporters count and what time they have: docs/counting.md. */
#include "importer/doctor_counting.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "importer/client/es.h"
#include "importer/client/streams.h"
#include "importer/core/finding.h"
#include "importer/core/json.h"
#include "importer/doctor_exporters.h"
#include "importer/doctor_pairs.h"

#define LAST_HOUR  "\"query\":{\"range\":{\"@timestamp\":{\"gte\":\"now-1h\"}}}"
#define SUM(field) "{\"sum\":{\"field\":\"" field "\"}}"

#define HOUR_MS      3600000
#define NEAR_MS      120000 /* of a whole hour */
#define CLOCK_OFF_MS 300000 /* decode.clock_skew */

static void kept_add(json_t *findings, const char *reason, const char *name, long long octets)
{
	if (!strcmp(reason, "egress"))
		finding_add(findings, ODD,
			    "%s meters both ways: %lld of its octets of the last hour were metered "
			    "where they came in, too, and count once; "
			    "metering ingress alone tells the same with fewer records",
			    name, octets);
	else if (!strcmp(reason, "post-unknown"))
		finding_add(findings, ODD,
			    "%s sends OUT_BYTES, %lld octets in the last hour, that may be of the "
			    "other direction or copies, and are not "
			    "counted: say which in exporters.csv, column out",
			    name, octets);
}

static void kept_of(const char *name, const json_t *exporter, json_t *findings)
{
	size_t i;
	json_t *reason;
	json_array_foreach (json_at(exporter, "r.buckets"), i, reason)
		kept_add(findings, json_text_at(reason, "key", ""), name,
			 json_int_at(reason, "b.value"));
}

void doctor_counting_kept(const json_t *reply, json_t *findings)
{
	doctor_exporters(reply, kept_of, findings);
}

static void implausible_add(json_t *findings, const char *name, const json_t *exporter)
{
	long long records = json_int_at(exporter, "i.doc_count"),
		  rates = json_int_at(exporter, "i.rates.value");
	if (records)
		finding_add(findings, ODD,
			    "%s sends what cannot be: %lld records of the last hour are tagged "
			    "implausible; %lld octets of them are left out of totals, flow.raw.* "
			    "has what was sent",
			    name, records, json_int_at(exporter, "i.o.b.value"));
	if (rates)
		finding_add(findings, ODD,
			    "%s: %lld of those have a sampling rate that no device has; turned "
			    "round it is taken where it is one: say the rate in sampling.csv",
			    name, rates);
}

static void doubted_of(const char *name, const json_t *exporter, json_t *findings)
{
	long long unknown = json_int_at(exporter, "u.doc_count");
	implausible_add(findings, name, exporter);
	if (unknown)
		finding_add(findings, ODD,
			    "%s samples, and of %lld records of the last hour the rate is not "
			    "known: they count as unsampled; say it in sampling.csv",
			    name, unknown);
}

void doctor_counting_doubted(const json_t *reply, json_t *findings)
{
	doctor_exporters(reply, doubted_of, findings);
}

static void clock_of(const char *name, const json_t *exporter, json_t *findings)
{
	long long off = json_int_at(exporter, "o.value"), size = off < 0 ? -off : off;
	const char *way = off < 0 ? "behind" : "ahead";
	long long hours = (size + HOUR_MS / 2) / HOUR_MS;
	if (size <= CLOCK_OFF_MS)
		return;
	if (hours && hours <= 14 && llabs(size - hours * HOUR_MS) <= NEAR_MS)
		finding_add(findings, ODD,
			    "%s: its clock is %lld hour%s %s: a time zone or daylight saving; efd "
			    "moves its times by as much",
			    name, hours, hours == 1 ? "" : "s", way);
	else
		finding_add(findings, ODD,
			    "%s: its clock is %lld s %s: set NTP there; efd moves its times by as "
			    "much",
			    name, size / 1000, way);
}

void doctor_counting_clocks(const json_t *reply, json_t *findings)
{
	doctor_exporters(reply, clock_of, findings);
}

int doctor_counting(struct es *es, const char *namespace, json_t *findings, struct err *err)
{
	static const struct {
		const char *stream, *body;
		void (*look[2])(const json_t *reply, json_t *findings);
	} questions[] = {
		{ "logs-flow",
		  "{\"size\":0," LAST_HOUR ",\"aggs\":{\"e\":{\"terms\":{\"field\":\"observer."
		  "name\",\"size\":100},\"aggs\":{\"r\":{"
		  "\"terms\":{\"field\":\"flow.duplicate.reason\"},\"aggs\":{\"b\":" SUM(
		      "flow.duplicate.bytes") "}},"
					      "\"i\":{\"filter\":{\"term\":{\"tags\":"
					      "\"implausible\"}},\"aggs\":{"
					      "\"rates\":{\"value_count\":{\"field\":\"flow.raw."
					      "sampling_rate\"}},"
					      "\"o\":{\"filter\":{\"term\":{\"flow.duplicate."
					      "reason\":\"implausible\"}},"
					      "\"aggs\":{\"b\":" SUM(
						  "flow.duplicate.bytes") "}}}},"
									  "\"u\":{\"filter\":{"
									  "\"term\":{\"flow."
									  "sampling.origin\":"
									  "\"unknown\"}}}}}}}",
		  { doctor_counting_kept, doctor_counting_doubted } },
		{ "metrics-flow.exporters",
		  "{\"size\":0," LAST_HOUR ",\"aggs\":{\"e\":{\"terms\":{\"field\":\"observer."
		  "name\",\"size\":100},\"aggs\":{\"o\":{"
		  "\"avg\":{\"field\":\"exporter.clock_skew_ms\"}}}}}}",
		  { doctor_counting_clocks } },
	};
	for (size_t i = 0; i < sizeof(questions) / sizeof(*questions); i++) {
		json_t *body = json_loads(questions[i].body, 0, NULL), *reply = NULL;
		int result = streams_search(es, questions[i].stream, namespace, body, &reply, err);
		for (size_t k = 0; result == 0 && k < 2 && questions[i].look[k]; k++)
			questions[i].look[k](reply, findings);
		json_decref(body);
		json_decref(reply);
		if (result)
			return -1;
	}
	return doctor_pairs(es, namespace, findings, err);
}
