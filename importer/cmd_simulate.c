/* SPDX-License-Identifier: Apache-2.0
 * efctl simulate: a raw line through the installed pipelines, and what each stage changed. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/names.h"
#include "importer/client/advice.h"
#include "importer/client/es.h"
#include "importer/commands.h"
#include "importer/core/json.h"
#include "importer/core/print.h"
#include "importer/install/install.h"

/* The first flow line: those about exporters and counters, which efctl decode prints, too, go
 * through no pipeline. */
static int read_line(const struct app *app, json_t **ret_line, struct err *err)
{
	const char *path = app->args.n ? app->args.item[0] : "-";
	CLEANUP_FILE FILE *f = strcmp(path, "-") == 0 ? fdopen(dup(0), "r") : fopen(path, "r");
	CLEANUP_FREE char *text = NULL;
	size_t room = 0;
	json_error_t why;
	if (!f)
		return err_errno(err, EF_USAGE, errno, "cannot read %s", path);
	for (unsigned n = 1; getline(&text, &room, f) > 0; n++) {
		CLEANUP_JSON json_t *line = json_loads(text, JSON_ALLOW_NUL, &why);
		if (!line)
			return err_set(err, EF_USAGE,
				       "%s:%u:%d: %s; give raw lines, as `efctl decode FILE` "
				       "prints them",
				       path, n, why.column, why.text);
		if (json_is_object(json_object_get(line, "ie"))) {
			*ret_line = steal_ptr(line);
			return 0;
		}
	}
	return err_set(err, EF_USAGE,
		       "%s has no flow line (one with \"ie\"); give raw lines, as `efctl decode "
		       "FILE` prints them",
		       path);
}

/* The processors of flow.yml one by one and not merged, so that the reply tells what each did. */
static int stages(struct install *in, json_t **ret_processors, struct err *err)
{
	CLEANUP_JSON json_t *flow = NULL, *out = json_array();
	json_t *processor;
	size_t i;
	if (render_load(&in->rendering, "ingest-pipelines/flow.yml", &flow, err))
		return -1;
	json_array_foreach (json_object_get(flow, "processors"), i, processor) {
		CLEANUP_JSON json_t *calls = NULL;
		const char *dictionary =
		    json_string_value(json_object_get(processor, "dictionary"));
		if (!dictionary) {
			json_array_append(out, processor);
			continue;
		}
		if (in->dictionaries.calls(in->dictionaries.arg, dictionary, &calls, err))
			return -1;
		json_array_extend(out, calls);
	}
	*ret_processors = steal_ptr(out);
	return 0;
}

/* The leaves of a document by dotted path, as text. */
static void leaves(const char *prefix, json_t *tree, json_t *out)
{
	const char *key;
	json_t *value;
	char path[512];
	if (json_is_object(tree) && json_object_size(tree)) {
		json_object_foreach (tree, key, value) {
			snprintf(path, sizeof(path), "%s%s%s", prefix, *prefix ? "." : "", key);
			leaves(path, value, out);
		}
		return;
	}
	CLEANUP_FREE char *text = json_dumps(tree, JSON_ENCODE_ANY | JSON_COMPACT | JSON_SORT_KEYS |
						       JSON_REAL_PRECISION(15));
	json_object_set_new(out, prefix, json_string(text ? text : "?"));
}

static void print_changes(const char *stage, json_t *before, json_t *after, json_t *changes,
			  bool print)
{
	const char *path;
	json_t *value, *old;
	json_object_foreach (after, path, value) {
		old = json_object_get(before, path);
		if (old && strcmp(json_string_value(old), json_string_value(value)) == 0)
			continue;
		if (print)
			print_plain(stdout, "%-14s %s %-40s %s%s%s\n", stage, old ? "~" : "+", path,
				    old ? json_string_value(old) : "", old ? " → " : "",
				    json_string_value(value));
		json_array_append_new(changes, json_pack("{s:s,s:s,s:O?,s:O}", "stage", stage,
							 "field", path, "from", old, "to", value));
	}
	json_object_foreach (before, path, value)
		if (!json_object_get(after, path)) {
			if (print)
				print_plain(stdout, "%-14s - %s\n", stage, path);
			json_array_append_new(changes,
					      json_pack("{s:s,s:s,s:O,s:n}", "stage", stage,
							"field", path, "from", value, "to"));
		}
}

static int stages_walk(const json_t *results, json_t *line, json_t *changes, json_t **ret_final,
		       bool print, struct err *err)
{
	CLEANUP_JSON json_t *before = json_object();
	json_t *result, *last = line;
	size_t i;
	leaves("", line, before);
	json_array_foreach (results, i, result) {
		const char *type = json_text_at(result, "processor_type", "?");
		const char *stage = json_text_at(result, "tag", type);
		json_t *error = json_object_get(result, "error"),
		       *source = json_at(result, "doc._source");
		if (error) {
			char reason[600];
			es_reason(result, reason, sizeof(reason));
			return err_set(err, EF_FAILED, "stage %s fails: %s", stage, reason);
		}
		if (!source || strcmp(type, "pipeline") == 0)
			continue;
		CLEANUP_JSON json_t *after = json_object();
		leaves("", source, after);
		print_changes(stage, before, after, changes, print);
		json_object_clear(before);
		json_object_update(before, after);
		last = source;
	}
	*ret_final = json_incref(last);
	return 0;
}

int cmd_simulate(struct app *app, struct err *err)
{
	CLEANUP_INSTALL struct install in = { 0 };
	CLEANUP_JSON json_t *line = NULL, *processors = NULL, *reply = NULL,
			    *changes = json_array(), *final = NULL;
	char index[NAME_ROOM + 120];
	if (read_line(app, &line, err) || install_open(&in, app, err) ||
	    stages(&in, &processors, err))
		return -1;
	snprintf(index, sizeof(index), "%s-%s", NAME(app->elastic.prefix, "logs-flow"),
		 app->elastic.namespace);
	CLEANUP_JSON json_t *body = json_pack("{s:{s:O},s:[{s:s,s:O}]}", "pipeline", "processors",
					      processors, "docs", "_index", index, "_source", line);
	if (es_must(in.es, "POST", "/_ingest/pipeline/_simulate?verbose=true", body, &reply, err))
		return err_wrap(err, "have the pipelines been installed (%s)?",
				ADVICE(app, "setup"));
	json_t *results =
	    json_object_get(json_array_get(json_object_get(reply, "docs"), 0), "processor_results");
	if (!json_array_size(results))
		return err_set(err, EF_FAILED, "%s tells of no processor that ran", es_url(in.es));
	if (stages_walk(results, line, changes, &final, !app->flags.json, err))
		return -1;
	CLEANUP_JSON json_t *both = json_pack("{s:O,s:O}", "changes", changes, "document", final);
	print_json(stdout, app->flags.json ? both : final, JSON_INDENT(2) | JSON_SORT_KEYS);
	return EF_DONE;
}
