/* SPDX-License-Identifier: Apache-2.0
 * The public half of an Elasticsearch API key: its id, taken out of the Base64 form. */
#include "common/api_key.h"

#include <openssl/evp.h>
#include <string.h>

/* The id is shown and sent in paths: what could mean something there is no id. */
#define ID_LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

bool api_key_is_id(const char *text)
{
	size_t n = strspn(text, ID_LETTERS);
	return n && n < API_KEY_ID_MAX && !text[n];
}

static bool take_id(const char *plain, char ret_id[API_KEY_ID_MAX])
{
	size_t n = strspn(plain, ID_LETTERS);
	if (n == 0 || n >= API_KEY_ID_MAX || plain[n] != ':' || !plain[n + 1])
		return false;
	memcpy(ret_id, plain, n);
	ret_id[n] = '\0';
	return true;
}

bool api_key_id(const char *encoded, char ret_id[API_KEY_ID_MAX])
{
	char padded[API_KEY_TEXT_MAX + 3] = "", plain[API_KEY_TEXT_MAX + 3] = "";
	size_t n = strnlen(encoded, API_KEY_TEXT_MAX);
	bool found = false;
	*ret_id = '\0';
	if (n == API_KEY_TEXT_MAX)
		return false;
	memcpy(padded, encoded, n);
	while (n % 4) /* some leave the padding out */
		padded[n++] = '=';
	if (EVP_DecodeBlock((unsigned char *)plain, (unsigned char *)padded, (int)n) > 0)
		found = take_id(plain, ret_id);
	explicit_bzero(padded, sizeof(padded));
	explicit_bzero(plain, sizeof(plain));
	return found;
}

int api_key_check(const char *where, const char *text, struct err *err)
{
	for (const char *c = text; *c; c++)
		if (*c <= ' ' || *c > '~')
			return err_set(err, EF_USAGE,
				       "%s is no API key: it has a blank or a character that is "
				       "not of ASCII",
				       where);
	return 0;
}
