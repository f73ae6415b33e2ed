/* SPDX-License-Identifier: Apache-2.0
 * The canonical text of a JSON tree and its SHA-256: how assets are compared. */
#include "importer/assets/canon.h"

#include <inttypes.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "importer/core/memory.h"

char *canon_text(const json_t *json)
{
	return json_dumps(json, JSON_SORT_KEYS | JSON_COMPACT | JSON_ENCODE_ANY);
}

void canon_hash(const json_t *json, char ret_hash[CANON_HASH_MAX])
{
	CLEANUP_FREE char *text = canon_text(json);
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned int len = 0;
	ret_hash[0] = '\0';
	if (!text || EVP_Digest(text, strlen(text), digest, &len, EVP_sha256(), NULL) != 1)
		memory_out();
	for (unsigned int i = 0; i < len; i++)
		snprintf(ret_hash + (size_t)2 * i, 3, "%02x", digest[i]);
}

static json_t *scalar_text(const json_t *j)
{
	char number[32];
	switch (json_typeof(j)) {
	case JSON_TRUE:
		return json_string("true");
	case JSON_FALSE:
		return json_string("false");
	case JSON_INTEGER:
		snprintf(number, sizeof(number), "%" PRId64, (int64_t)json_integer_value(j));
		return json_string(number);
	case JSON_REAL:
		snprintf(number, sizeof(number), "%.17g", json_real_value(j));
		return json_string(number);
	default:
		return json_deep_copy(j);
	}
}

static void flatten(const char *prefix, const json_t *j, json_t *flat)
{
	const char *key;
	json_t *value;
	if (json_is_object(j)) {
		json_object_foreach ((json_t *)j, key, value) {
			char path[512];
			snprintf(path, sizeof(path), "%s%s%s", prefix, *prefix ? "." : "", key);
			flatten(path, value, flat);
		}
		return;
	}
	char name[520];
	snprintf(name, sizeof(name), "%s%s", strncmp(prefix, "index.", 6) == 0 ? "" : "index.",
		 prefix);
	if (!json_is_array(j)) {
		json_object_set_new(flat, name, scalar_text(j));
		return;
	}
	json_t *list = json_array();
	size_t i;
	json_array_foreach (j, i, value)
		json_array_append_new(list, scalar_text(value));
	json_object_set_new(flat, name, list);
}

json_t *canon_settings(const json_t *settings)
{
	json_t *flat = json_object();
	flatten("", settings, flat);
	return flat;
}
