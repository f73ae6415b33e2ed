/* SPDX-License-Identifier: Apache-2.0
 * What a running efd says of itself at /metrics. */
#include "importer/efd_metrics.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/http.h"

#define TIMEOUT_MS  3000
#define METRICS_MAX (8u << 20)
#define IN_FORCE    "efd_ship_key_in_force{id=\""
#define DOCUMENTS   "efd_ship_key_documents_total{id=\""

/* Its certificate is nobody's, and no proxy leads to it. */
char *efd_metrics(const char *url)
{
	char whole[512], none[] = "";
	struct err ignored = ERR_NONE;
	struct http_reply reply = { 0 };
	const struct elastic_settings plain = { .proxy = none,
						.timeout_ms = TIMEOUT_MS,
						.connect_timeout_ms = TIMEOUT_MS };
	const struct http_request request = { .method = "GET", .url = whole, .anonymous = true };
	snprintf(whole, sizeof(whole), "%s/metrics", url);
	buf_init(&reply.body, METRICS_MAX);
	struct http *http = http_new(&plain, &ignored);
	bool answered = http && http_do(http, &request, &reply, &ignored) == 0 &&
			reply.status == 200 && buf_add(&reply.body, "", 1) == 0 &&
			strstr(reply.body.data, "\nefd_build_info{");
	http_free(http);
	char *text = answered ? buf_steal(&reply.body) : NULL;
	buf_release(&reply.body);
	return text;
}

/* The first line, from `metrics` on, that starts with `start`: what follows that; NULL: none. */
static const char *after(const char *metrics, const char *start)
{
	size_t n = strlen(start);
	for (const char *line = metrics; line && *line; line += *line == '\n') {
		if (strncmp(line, start, n) == 0)
			return line + n;
		line += strcspn(line, "\n");
	}
	return NULL;
}

bool efd_says(const char *metrics, const char *line)
{
	const char *rest = after(metrics, line);
	return rest && (*rest == '\n' || !*rest);
}

bool efd_key(const char *metrics, char ret_id[API_KEY_ID_MAX])
{
	for (const char *id = metrics; (id = after(id, IN_FORCE)) != NULL;) {
		size_t n = strcspn(id, "\"\n");
		if (n == 0 || n >= API_KEY_ID_MAX || strncmp(id + n, "\"} 1\n", 5) != 0)
			continue;
		memcpy(ret_id, id, n);
		ret_id[n] = '\0';
		return true;
	}
	return false;
}

uint64_t efd_key_documents(const char *metrics, const char *id)
{
	char start[sizeof(DOCUMENTS) + API_KEY_ID_MAX + 4];
	snprintf(start, sizeof(start), DOCUMENTS "%s\"} ", id);
	const char *number = after(metrics, start);
	return number ? strtoull(number, NULL, 10) : 0;
}

uint64_t efd_documents(const char *metrics, const char *verdict)
{
	char start[80];
	snprintf(start, sizeof(start), "efd_ship_documents_total{verdict=\"%.20s\"} ", verdict);
	const char *number = after(metrics, start);
	return number ? strtoull(number, NULL, 10) : 0;
}
