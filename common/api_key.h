/* SPDX-License-Identifier: Apache-2.0
 * The public half of an Elasticsearch API key: its id, taken out of the Base64 form. */
#ifndef EF_COMMON_API_KEY_H
#define EF_COMMON_API_KEY_H

#include <stdbool.h>

#include "common/err.h"

#define API_KEY_ID_MAX   65 /* letters, digits, '-' and '_', and the end; Elasticsearch's have 20 */
#define API_KEY_TEXT_MAX 1024 /* of the Base64 form, with the end */

/* Whether `text` could be an id. */
bool api_key_is_id(const char *text);

/* The id in `encoded`, Base64 of "id:secret" as Elasticsearch gives it. False: it is no such key;
 * `ret_id` is "" then. */
bool api_key_id(const char *encoded, char ret_id[API_KEY_ID_MAX]);

/* Whether `text` can be sent as a key, of whatever server: letters, digits and signs of ASCII. It
 * is not in the message, which begins with `where`. */
int api_key_check(const char *where, const char *text, struct err *err);

#endif
