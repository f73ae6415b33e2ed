/* SPDX-License-Identifier: Apache-2.0
 * Finds out what a cluster is and can do, by asking it rather than by its version. */
#include "importer/client/probe.h"

#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "importer/client/es.h"
#include "importer/core/json.h"
#include "importer/core/print.h"

const struct capability_row capability_rows[CAPABILITIES] = {
	[CAP_DATA_STREAM] = { "data_stream", "data streams" },
	[CAP_ILM] = { "ilm", "index lifecycle management" },
	[CAP_ISM] = { "ism", "index state management" },
	[CAP_DSL] = { "dsl", "data stream lifecycle" },
	[CAP_LOGSDB] = { "logsdb", "index mode logsdb" },
	[CAP_FAILURE_STORE] = { "failure_store", "failure store" },
	[CAP_FLATTENED] = { "flattened", "field type flattened" },
	[CAP_FLAT_OBJECT] = { "flat_object", "field type flat_object" },
	[CAP_MATCH_ONLY_TEXT] = { "match_only_text", "field type match_only_text" },
	[CAP_CONSTANT_KEYWORD] = { "constant_keyword", "field type constant_keyword" },
	[CAP_WILDCARD] = { "wildcard", "field type wildcard" },
	[CAP_GEOIP_CITY] = { "geoip_city", "geoip with a City database" },
	[CAP_GEOIP_COUNTRY] = { "geoip_country", "geoip with a Country database" },
	[CAP_GEOIP_ASN] = { "geoip_asn", "geoip with an ASN database" },
	[CAP_PIPELINE_META] = { "pipeline_meta", "_meta in pipelines" },
	[CAP_SECURITY] = { "security", "API keys" },
};

/* Index templates that only a cluster with the capability accepts: tried with _simulate, which
 * keeps nothing. */
static const struct {
	enum capability capability;
	const char *body;
} template_probes[] = {
	{ CAP_DATA_STREAM, "{\"data_stream\":{}}" },
	{ CAP_DSL,
	  "{\"data_stream\":{},\"template\":{\"lifecycle\":{\"data_retention\":\"1d\"}}}" },
	{ CAP_LOGSDB,
	  "{\"data_stream\":{},\"template\":{\"settings\":{\"index.mode\":\"logsdb\"}}}" },
	{ CAP_FAILURE_STORE,
	  "{\"data_stream\":{},\"template\":{\"data_stream_options\":{\"failure_store\":{"
	  "\"enabled\":false,\"lifecycle\":{\"data_retention\":\"1d\"}}}}}" },
	{ CAP_FLATTENED,
	  "{\"template\":{\"mappings\":{\"properties\":{\"x\":{\"type\":\"flattened\"}}}}}" },
	{ CAP_FLAT_OBJECT,
	  "{\"template\":{\"mappings\":{\"properties\":{\"x\":{\"type\":\"flat_object\"}}}}}" },
	{ CAP_MATCH_ONLY_TEXT,
	  "{\"template\":{\"mappings\":{\"properties\":{\"x\":{\"type\":\"match_only_text\"}}}}}" },
	{ CAP_CONSTANT_KEYWORD, "{\"template\":{\"mappings\":{\"properties\":{\"x\":{\"type\":"
				"\"constant_keyword\"}}}}}" },
	{ CAP_WILDCARD,
	  "{\"template\":{\"mappings\":{\"properties\":{\"x\":{\"type\":\"wildcard\"}}}}}" },
};

/* Pipelines that only a cluster with the capability accepts, tried on one document. */
static const struct {
	enum capability capability;
	const char *pipeline;
} pipeline_probes[] = {
	{ CAP_GEOIP_CITY, "{\"processors\":[{\"geoip\":{\"field\":\"ip\",\"database_file\":"
			  "\"GeoLite2-City.mmdb\"}}]}" },
	{ CAP_GEOIP_COUNTRY, "{\"processors\":[{\"geoip\":{\"field\":\"ip\",\"database_file\":"
			     "\"GeoLite2-Country.mmdb\"}}]}" },
	{ CAP_GEOIP_ASN, "{\"processors\":[{\"geoip\":{\"field\":\"ip\",\"database_file\":"
			 "\"GeoLite2-ASN.mmdb\"}}]}" },
	{ CAP_PIPELINE_META, "{\"processors\":[],\"_meta\":{\"x\":\"y\"}}" },
};

/* A handler that is not there is answered in many ways: as an index name, an unknown method or
 * page, or as withheld. */
static bool absent(long status)
{
	return status == 400 || status == 404 || status == 405 || status == 410 || status == 500 ||
	       status == 501;
}

/* 1: answered 200, 0: not there, -1: anything else. */
static int is_there(struct es *es, const char *path, json_t **ret_reply, struct err *err)
{
	long status = 0;
	CLEANUP_JSON json_t *reply = NULL;
	if (es_call(es, "GET", path, NULL, &status, &reply, err))
		return -1;
	if (absent(status))
		return 0;
	if (status != 200)
		return es_fail(es, "GET", path, status, reply, err);
	if (ret_reply)
		*ret_reply = steal_ptr(reply);
	return 1;
}

const char *cluster_product(const struct cluster *c)
{
	return c->distribution == OPENSEARCH ? "OpenSearch" : "Elasticsearch";
}

bool cluster_shares_documents(const struct cluster *c)
{
	return c->distribution == ELASTICSEARCH &&
	       (c->serverless || c->major > 8 || (c->major == 8 && c->minor >= 3));
}

int capability_find(const char *name)
{
	for (int i = 0; i < CAPABILITIES; i++)
		if (strcmp(capability_rows[i].name, name) == 0)
			return i;
	return -1;
}

static int take_version(struct es *es, struct cluster *c, const char *version, struct err *err)
{
	snprintf(c->version, sizeof(c->version), "%s", version);
	if (sscanf(version, "%d.%d", &c->major, &c->minor) != 2)
		return err_set(err, EF_USAGE,
			       "%s calls itself version '%s', which is no version of Elasticsearch",
			       es_url(es), version);
	if (c->distribution == ELASTICSEARCH && (c->major < 7 || (c->major == 7 && c->minor < 10)))
		return err_set(
		    err, EF_USAGE,
		    "%s is Elasticsearch %s; 7.10 or later is needed, 8.3 or later for all",
		    es_url(es), version);
	return 0;
}

int cluster_identify(struct es *es, struct cluster *ret_cluster, struct err *err)
{
	struct cluster c = { 0 };
	long status = 0;
	CLEANUP_JSON json_t *root = NULL;
	if (es_call(es, "GET", "/", NULL, &status, &root, err))
		return -1;
	if (status == 403 || status == 503)
		return es_fail(es, "GET", "/", status, root, err);
	const char *version = json_text_at(root, "version.number", NULL);
	CLEANUP_JSON json_t *nodes = NULL;
	if (status == 405) { /* a node without its root module still names its version */
		int r = is_there(es, "/_nodes/_local?filter_path=cluster_name,nodes.*.version",
				 &nodes, err);
		if (r < 0)
			return -1;
		json_t *node = json_object_get(nodes, "nodes");
		version =
		    json_text_at(json_object_iter_value(json_object_iter(node)), "version", NULL);
	}
	if (!version || (status == 200 && !json_at(root, "cluster_name")))
		return err_set(
		    err, EF_USAGE,
		    "%s answers (%ld), but is neither Elasticsearch nor OpenSearch; check "
		    "elasticsearch.url (Kibana listens on another port, usually 5601)",
		    es_url(es), status);
	if (strcmp(json_text_at(root, "version.distribution", ""), "opensearch") == 0)
		c.distribution = OPENSEARCH;
	c.serverless = strcmp(json_text_at(root, "version.build_flavor", ""), "serverless") == 0;
	snprintf(c.name, sizeof(c.name), "%s",
		 json_text_at(nodes ? nodes : root, "cluster_name", "?"));
	if (take_version(es, &c, version, err))
		return -1;
	*ret_cluster = c;
	return 0;
}

static int probe_templates(struct es *es, struct cluster *c, struct err *err)
{
	for (size_t i = 0; i < sizeof(template_probes) / sizeof(template_probes[0]); i++) {
		long status = 0;
		CLEANUP_JSON json_t *reply = NULL,
				    *body = json_loads(template_probes[i].body, 0, NULL);
		json_object_set_new(body, "index_patterns", json_pack("[s]", "efctl-probe-*"));
		json_object_set_new(body, "priority", json_integer(987654));
		if (es_call(es, "POST", "/_index_template/_simulate", body, &status, &reply, err))
			return -1;
		if (status != 200 && !absent(status))
			return es_fail(es, "POST", "/_index_template/_simulate", status, reply,
				       err);
		c->has[template_probes[i].capability] = status == 200;
	}
	return 0;
}

static int probe_pipelines(struct es *es, struct cluster *c, struct err *err)
{
	for (size_t i = 0; i < sizeof(pipeline_probes) / sizeof(pipeline_probes[0]); i++) {
		long status = 0;
		CLEANUP_JSON json_t *reply = NULL;
		CLEANUP_JSON json_t *body =
		    json_pack("{s:o,s:[{s:{s:s}}]}", "pipeline",
			      json_loads(pipeline_probes[i].pipeline, 0, NULL), "docs", "_source",
			      "ip", "8.8.8.8");
		if (es_call(es, "POST", "/_ingest/pipeline/_simulate", body, &status, &reply, err))
			return -1;
		if (status != 200 && !absent(status))
			return es_fail(es, "POST", "/_ingest/pipeline/_simulate", status, reply,
				       err);
		c->has[pipeline_probes[i].capability] = status == 200;
		json_t *first = json_array_get(json_object_get(reply, "docs"), 0);
		const json_t *source = json_at(first, "doc._source");
		if (pipeline_probes[i].capability == CAP_GEOIP_CITY) {
			c->geoip_loaded = json_object_get(source, "geoip");
			c->geoip_expired = json_has_text(json_object_get(source, "tags"),
							 "_geoip_expired_database");
		}
	}
	return 0;
}

/* Processors that every node has; and how many nodes hold data. */
static int probe_nodes(struct es *es, struct cluster *c, struct err *err)
{
	static const char path[] =
	    "/_nodes/ingest?filter_path=nodes.*.ingest.processors,nodes.*.roles";
	long status = 0;
	CLEANUP_JSON json_t *reply = NULL;
	if (es_call(es, "GET", path, NULL, &status, &reply, err))
		return -1;
	if (es_withheld(status, reply))
		return 0;
	if (status != 200)
		return es_fail(es, "GET", path, status, reply, err);
	const char *id;
	json_t *node, *processor;
	size_t i;
	unsigned nodes = 0, data = 0;
	CLEANUP_JSON json_t *seen = json_object();
	json_object_foreach (json_object_get(reply, "nodes"), id, node) {
		nodes++;
		json_array_foreach (json_object_get(node, "roles"), i, processor) {
			const char *role = json_string_value(processor);
			if (role && (strcmp(role, "data") == 0 || strcmp(role, "data_hot") == 0)) {
				data++;
				break;
			}
		}
		json_array_foreach (json_at(node, "ingest.processors"), i, processor) {
			const char *type = json_text_at(processor, "type", "");
			json_object_set_new(seen, type, json_integer(json_int_at(seen, type) + 1));
		}
	}
	if (nodes == 0)
		return err_set(err, EF_FAILED, "%s lists no node (GET /_nodes/ingest)", es_url(es));
	c->data_nodes = data ? data : 1;
	c->processors = json_object();
	json_object_foreach (seen, id, node)
		if (json_integer_value(node) == (json_int_t)nodes)
			json_object_set_new(c->processors, id, json_true());
	return 0;
}

static int probe_features(struct es *es, struct cluster *c, struct err *err)
{
	static const struct {
		enum capability capability;
		const char *path;
	} features[] = {
		{ CAP_ILM, "/_ilm/status" },
		{ CAP_ISM, "/_plugins/_ism/policies?size=1" },
		{ CAP_SECURITY, "/_security/_authenticate" },
	};
	for (size_t i = 0; i < sizeof(features) / sizeof(features[0]); i++) {
		if (features[i].capability == CAP_ISM && c->distribution != OPENSEARCH)
			continue;
		int r = is_there(es, features[i].path, NULL, err);
		if (r < 0)
			return -1;
		c->has[features[i].capability] = r == 1;
	}
	CLEANUP_JSON json_t *license = NULL;
	int r = is_there(es, "/_license", &license, err);
	if (r < 0)
		return -1;
	snprintf(c->license, sizeof(c->license), "%s", json_text_at(license, "license.type", ""));
	return 0;
}

int cluster_probe(struct es *es, struct cluster *ret_cluster, struct err *err)
{
	struct cluster c = { 0 };
	if (cluster_identify(es, &c, err))
		return -1;
	if (probe_nodes(es, &c, err) || probe_features(es, &c, err) ||
	    probe_templates(es, &c, err) || probe_pipelines(es, &c, err)) {
		cluster_release(&c);
		return err_wrap(err, "cannot find out what the cluster can do");
	}
	*ret_cluster = c;
	return 0;
}

void cluster_release(struct cluster *c)
{
	json_decref(c->processors);
	c->processors = NULL;
}

void cluster_print(FILE *out, const struct cluster *c)
{
	char nodes[40] = "nodes not told";
	if (c->data_nodes)
		snprintf(nodes, sizeof(nodes), "%u data node%s", c->data_nodes,
			 c->data_nodes == 1 ? "" : "s");
	print_plain(out, "%s %s, cluster %s, %s%s%s%s\n", cluster_product(c), c->version, c->name,
		    nodes, *c->license ? ", licence " : "", c->license,
		    c->serverless ? ", serverless" : "");
	print_plain(out, "has:    ");
	for (int i = 0, n = 0; i < CAPABILITIES; i++)
		if (c->has[i])
			print_plain(out, "%s%s", n++ ? ", " : "", capability_rows[i].text);
	print_plain(out, "\nlacks:  ");
	int n = 0;
	for (int i = 0; i < CAPABILITIES; i++)
		if (!c->has[i])
			print_plain(out, "%s%s", n++ ? ", " : "", capability_rows[i].text);
	print_plain(out, "%s\n", n ? "" : "nothing");
}

json_t *cluster_json(const struct cluster *c)
{
	json_t *has = json_object();
	for (int i = 0; i < CAPABILITIES; i++)
		json_object_set_new(has, capability_rows[i].name, json_boolean(c->has[i]));
	return json_pack("{s:s,s:s,s:s,s:s,s:b,s:i,s:b,s:b,s:o}", "product", cluster_product(c),
			 "version", c->version, "name", c->name, "license", c->license,
			 "serverless", c->serverless, "data_nodes", (int)c->data_nodes,
			 "geoip_loaded", c->geoip_loaded, "geoip_expired", c->geoip_expired, "has",
			 has);
}

int kibana_identify(struct es *kibana, char *ret_version, struct err *err)
{
	long status = 0;
	CLEANUP_JSON json_t *reply = NULL;
	if (es_call(kibana, "GET", "/api/status", NULL, &status, &reply, err))
		return -1;
	const char *version = json_text_at(reply, "version.number", NULL);
	if (status == 503)
		return err_set(err, EF_UNREACHABLE,
			       "Kibana at %s is not ready yet (503); try again in a minute",
			       es_url(kibana));
	if (!version)
		return err_set(err, EF_USAGE,
			       "%s answers (%ld), but is no Kibana; check kibana.url",
			       es_url(kibana), status);
	snprintf(ret_version, 32, "%s", version);
	return 0;
}
