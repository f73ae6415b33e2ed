/* SPDX-License-Identifier: Apache-2.0
 * Our own assets and dictionaries, ready to be rendered for a cluster that has everything.
 * Include it once, after cmocka.h. */
#ifndef EF_TESTS_LIB_RENDERING_H
#define EF_TESTS_LIB_RENDERING_H

#include "common/names.h"
#include "importer/assets/asset.h"
#include "importer/assets/render.h"
#include "importer/client/probe.h"
#include "importer/dictionary/dict.h"

struct fixture {
	struct assets *assets;
	struct dict_set *dict;
	struct cluster cluster;
	struct render_dictionaries dictionaries;
	struct rendering r;
};

/* `dir`: an overlay, or NULL; `stages`: of a cluster that gets each stage as it is written. */
static inline void open_fixture(struct fixture *f, const char *dir, const char *prefix, bool stages)
{
	static const char *const processors[] = { "script", "set", "pipeline", "geoip", "json" };
	struct err err = ERR_NONE;
	*f = (struct fixture){ .cluster = { .major = 8, .minor = stages ? 3 : 2 } };
	if (assets_open(dir, &f->assets, &err) || dict_set_open(f->assets, NULL, &f->dict, &err))
		fail_msg("%s", err.msg);
	dict_set_prefix(f->dict, prefix);
	dict_set_render(f->dict, &f->dictionaries);
	f->cluster.processors = json_object();
	for (size_t i = 0; i < sizeof(processors) / sizeof(processors[0]); i++)
		json_object_set_new(f->cluster.processors, processors[i], json_true());
	for (size_t i = 0; i < CAPABILITIES; i++)
		f->cluster.has[i] = true;
	f->r = (struct rendering){
		.assets = f->assets,
		.cluster = &f->cluster,
		.prefix = prefix,
		.dictionaries = &f->dictionaries,
		/* what users write may look like a name of ours, and is none */
		.variables = json_pack(
		    "{s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:i,s:i,s:s,s:s,s:s,s:i,s:b,s:s,s:{}}",
		    "own_tables", "see logs-x", "as", "exporter", "profile", "standard", "geo",
		    "full", "as_lookup", "on", "leftovers", "keep", "personal", "drop", "retention",
		    "30d", "refresh", "10s", "shards", 1, "replicas", 0, "version", "1", "record",
		    "2", "tables", "3", "serial", 4, "failure_store", 0, "failure_retention", "30d",
		    "options"),
		.notes = json_array(),
		.room = json_object(),
	};
	json_object_set_new(f->r.variables, "ilm_policy", json_string(NAME(prefix, "flow")));
}

static inline void close_fixture(struct fixture *f)
{
	json_decref(f->r.variables);
	json_decref(f->r.notes);
	json_decref(f->r.room);
	json_decref(f->cluster.processors);
	dict_set_free(f->dict);
	assets_free(f->assets);
}

#endif
