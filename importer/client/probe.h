/* SPDX-License-Identifier: Apache-2.0
 * Finds out what a cluster is and can do, by asking it rather than by its version. */
#ifndef EF_IMPORTER_PROBE_H
#define EF_IMPORTER_PROBE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "common/err.h"

struct es;

enum distribution { ELASTICSEARCH, OPENSEARCH };

/* What assets are rendered by. The names in capability_rows[] are those that assets use. */
enum capability {
	CAP_DATA_STREAM,
	CAP_ILM,
	CAP_ISM, /* OpenSearch's, a plugin */
	CAP_DSL, /* data stream lifecycle in index templates */
	CAP_LOGSDB,
	CAP_FAILURE_STORE, /* data_stream_options in templates; older versions refuse them */
	CAP_FLATTENED,
	CAP_FLAT_OBJECT,
	CAP_MATCH_ONLY_TEXT,
	CAP_CONSTANT_KEYWORD, /* also without a value in the mapping */
	CAP_WILDCARD,
	CAP_GEOIP_CITY, /* the processor, and a database for it that may still be on its way */
	CAP_GEOIP_COUNTRY,
	CAP_GEOIP_ASN,
	CAP_PIPELINE_META,
	CAP_SECURITY, /* API keys can be made */
	CAPABILITIES
};

struct capability_row {
	const char *name; /* "ilm" */
	const char *text; /* for people */
};
extern const struct capability_row capability_rows[CAPABILITIES];

struct cluster {
	enum distribution distribution;
	char name[128];
	char version[32];
	int major, minor;
	char license[32]; /* "" when the cluster does not say */
	bool serverless;
	bool has[CAPABILITIES];
	bool geoip_expired;  /* the databases are older than may be used: no lookup answers */
	bool geoip_loaded;   /* a lookup of a public address answers now */
	unsigned data_nodes; /* 0: the cluster does not tell of its nodes */
	/* object: every ingest processor that all nodes have -> true; NULL: not told, so each
	 * counts as there */
	json_t *processors;
};

/* "Elasticsearch" or "OpenSearch". */
const char *cluster_product(const struct cluster *c);

/* Whether scripts work on the document itself, so that one more costs next to nothing:
 * Elasticsearch from 8.3 on. OpenSearch and older ones copy or walk it for each. */
bool cluster_shares_documents(const struct cluster *c);

/*
 * Only what the root answers: product and version. EF_USAGE when this is neither Elasticsearch 7.10
 * or later nor OpenSearch.
 */
int cluster_identify(struct es *es, struct cluster *ret_cluster, struct err *err);

/* Everything. Changes nothing on the cluster. Release with cluster_release(). */
int cluster_probe(struct es *es, struct cluster *ret_cluster, struct err *err);
void cluster_release(struct cluster *c);

/* The number of a capability by name, or -1. */
int capability_find(const char *name);

void cluster_print(FILE *out, const struct cluster *c);
json_t *cluster_json(const struct cluster *c);

/* Kibana's version and state; `*ret_version` has 32 bytes. EF_USAGE when that is no Kibana. */
int kibana_identify(struct es *kibana, char *ret_version, struct err *err);

#endif
