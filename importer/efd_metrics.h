/* SPDX-License-Identifier: Apache-2.0
 * What a running efd says of itself at /metrics. */
#ifndef EF_IMPORTER_EFD_METRICS_H
#define EF_IMPORTER_EFD_METRICS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/api_key.h"

#define EFD_URL "http://127.0.0.1:9808" /* metrics.listen of packaging/efd.yml */

/* The text of /metrics below `url`; the caller's to free. NULL: nobody answers there, or somebody
 * else. */
char *efd_metrics(const char *url);

/* Whether `metrics` has exactly this line. */
bool efd_says(const char *metrics, const char *line);

/* The id of the API key that efd makes its requests with; false: it uses none that has an id, or it
 * is of a version that does not tell. */
bool efd_key(const char *metrics, char ret_id[API_KEY_ID_MAX]);

/* How many documents the cluster acknowledged that efd sent with the API key `id`. */
uint64_t efd_key_documents(const char *metrics, const char *id);

/* What became of so many documents since its start, by the verdict ("stored", "discarded"). */
uint64_t efd_documents(const char *metrics, const char *verdict);

#endif
