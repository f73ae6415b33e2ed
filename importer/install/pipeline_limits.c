/* SPDX-License-Identifier: Apache-2.0
 * What newer versions of Elasticsearch allow pipelines: the size of one, of all together, and their
 * number; asked of the cluster, and reckoned before anything is written. */
#include "importer/install/pipeline_limits.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/cleanup.h"
#include "importer/client/es.h"
#include "importer/core/finding.h"
#include "importer/core/json.h"
#include "importer/core/table.h"
#include "importer/install/install.h"

#define ONE       "ingest.pipeline.max_pipeline_size"
#define ALL       "ingest.pipeline.max_total_metadata_size"
#define NUMBER    "ingest.pipeline.max_pipelines"
#define MARK_SIZE 300 /* octets of what setup notes in each, at most */

/* A number of octets as Elasticsearch writes it ("25mb", "1048576b"); 0: it is none. */
static unsigned long long size_told(const char *text)
{
	static const char units[] = "bkmgt";
	char *end;
	double n = text ? strtod(text, &end) : 0;
	if (!text || end == text || n <= 0)
		return 0;
	const char *unit = *end ? strchr(units, *end | 0x20) : units;
	for (const char *u = units; unit && u < unit; u++)
		n *= 1024;
	return unit ? (unsigned long long)n : 0;
}

/* A setting of the cluster, or its default; NULL: there is none of the name. */
static const char *setting(const json_t *settings, const char *name)
{
	static const char *const kinds_of[] = { "transient", "persistent", "defaults" };
	const char *value = NULL;
	for (size_t i = 0; i < 3 && !value; i++)
		value = json_string_value(
		    json_object_get(json_object_get(settings, kinds_of[i]), name));
	return value;
}

static size_t size_of(const json_t *body)
{
	return json_dumpb(body, NULL, 0, JSON_COMPACT);
}

/* The pipelines as they will be: name -> octets. */
static json_t *sizes_then(const struct install *in, bool force, const json_t *there)
{
	const char *name;
	json_t *body, *sizes = json_object();
	json_object_foreach ((json_t *)there, name, body)
		json_object_set_new(sizes, name, json_integer((json_int_t)size_of(body)));
	for (size_t i = 0; i < in->plan.n; i++) {
		const struct plan_item *item = &in->plan.item[i];
		if (item->kind != kind_pipeline || !plan_writes(item, force))
			continue;
		if (item->action == ACTION_REMOVE)
			json_object_del(sizes, item->name);
		else
			json_object_set_new(
			    sizes, item->name,
			    json_integer((json_int_t)(size_of(item->wanted) + MARK_SIZE)));
	}
	return sizes;
}

static bool is_written(const struct install *in, bool force, const char *name)
{
	for (size_t i = 0; i < in->plan.n; i++)
		if (in->plan.item[i].kind == kind_pipeline &&
		    strcmp(in->plan.item[i].name, name) == 0)
			return plan_writes(&in->plan.item[i], force);
	return false;
}

static void compare(const struct install *in, bool force, const json_t *settings, json_t *sizes,
		    json_t *findings)
{
	char is[NUMBER_MAX], may[NUMBER_MAX];
	unsigned long long one = size_told(setting(settings, ONE)), total = 0;
	unsigned long long all = size_told(setting(settings, ALL));
	const char *most = setting(settings, NUMBER), *name;
	json_t *size;
	json_object_foreach (sizes, name, size) {
		unsigned long long n = (unsigned long long)json_integer_value(size);
		total += n;
		if (one && n > one && is_written(in, force, name))
			finding_add(findings, BAD,
				    "pipeline %s would have %s, and the cluster takes %s at most "
				    "(" ONE "): raise that, or load smaller tables",
				    name, bytes_text(n, is), bytes_text(one, may));
	}
	if (all && total > all)
		finding_add(findings, BAD,
			    "all pipelines of the cluster together would have %s, and it takes %s "
			    "at most (" ALL "): raise that, load smaller tables, or delete "
			    "pipelines that nobody uses",
			    bytes_text(total, is), bytes_text(all, may));
	if (most && json_object_size(sizes) > strtoull(most, NULL, 10))
		finding_add(findings, BAD,
			    "the cluster would have %zu pipelines, and takes %s at most (" NUMBER
			    "): raise that, or delete some that nobody uses",
			    json_object_size(sizes), most);
}

int pipeline_limits(const struct install *in, bool force, json_t *findings, struct err *err)
{
	static const char path[] = "/_cluster/settings?flat_settings=true&include_defaults=true";
	long status = 0;
	CLEANUP_JSON json_t *settings = NULL, *there = NULL, *sizes = NULL;
	if (es_call(in->es, "GET", path, NULL, &status, &settings, err))
		return -1;
	if (status != 200 || (!setting(settings, ONE) && !setting(settings, ALL)))
		return 0;
	if (es_find(in->es, "/_ingest/pipeline", &there, err) < 0)
		return -1;
	sizes = sizes_then(in, force, there);
	compare(in, force, settings, sizes, findings);
	return 0;
}
