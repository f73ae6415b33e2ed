/* SPDX-License-Identifier: Apache-2.0
 * The options that efd and efctl share: how to reach Elasticsearch and Kibana, and what to log. */
#ifndef EF_COMMON_OPTIONS_H
#define EF_COMMON_OPTIONS_H

#include "common/conf.h"

struct elastic_settings {
	struct strlist url; /* one or more endpoints of one cluster */
	char *cloud_id;
	char *api_key;      /* "id:key" in Base64, as Elasticsearch's `encoded` */
	char *api_key_file; /* where it was read from; NULL: from elsewhere */
	char *user;
	char *password;
	char *ca_file;
	char *ca_fingerprint; /* SHA-256 of a CA certificate of the chain, hex */
	char *client_cert;
	char *client_key;
	bool verify;
	char *proxy;
	int64_t timeout_ms;
	int64_t connect_timeout_ms;
	char *namespace; /* of the data streams: logs-flow-<namespace> */
	char *prefix;    /* of the installation (names.h); "" or NULL: none */
};

struct kibana_settings {
	char *url;
	char *space;
	bool pin_filters; /* new filters are pinned in the space, so that links keep them */
	bool alerts;      /* the example rules are installed, switched off */
	struct strlist
	    remote; /* other clusters that data views and reading commands look at, too */
};

struct log_settings {
	int level;  /* enum log_level */
	int format; /* enum log_format */
};

/* Tables with `settings` set to the given object. */
struct opt_table elastic_options(struct elastic_settings *s);
/* Of those of Elasticsearch, the ones that say where the cluster is and how it is known and
 * reached: no credentials. */
struct opt_table connection_options(struct elastic_settings *s);
struct opt_table kibana_options(struct kibana_settings *s);
struct opt_table log_options(struct log_settings *s);

/* What must fit together across options (namespace characters, URL scheme, cloud id resolved into
 * `url`). */
int elastic_settings_check(struct elastic_settings *s, struct err *err);

/* An opt_check for namespaces: what Elasticsearch allows in a data stream's name, less '-', which
 * divides its parts. */
int namespace_check(const char *where, const char *name, struct err *err);

#endif
