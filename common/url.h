/* SPDX-License-Identifier: Apache-2.0
 * URLs that somebody typed: which of them can be used, and how they are shown without what is
 * secret in them. */
#ifndef EF_COMMON_URL_H
#define EF_COMMON_URL_H

#include <stdbool.h>
#include <stddef.h>

#include "common/err.h"

/* Whether a server can be asked there: http or https, without user, query and fragment, which would
 * be secrets that are shown, or in front of what is asked for. `instead` says where a password
 * goes. EF_USAGE with a message that begins with `where` and shows no secret. */
int url_check_server(const char *where, const char *url, const char *instead, struct err *err);
/* The same of a proxy, which may be any that libcurl knows, and may have a user and a password. */
int url_check_proxy(const char *where, const char *url, struct err *err);

/* Whether both lead to the same scheme, host and port, a port that is left out being the scheme's
 * own. What cannot be read is nobody's. */
bool url_same_origin(const char *one, const char *other);
/* What `reference` means where `base` was asked (RFC 3986 section 5), as http or https; the
 * caller's. EF_USAGE when it is neither. */
int url_resolve(const char *base, const char *reference, char **ret_url, struct err *err);

/* `text` into `ret` (`room` bytes; cut if need be) with every URL in it as far as it may be shown:
 * what stands in front of an '@', and behind a '?' or '#', is three dots. Returns `ret`. */
#define URL_SHOWN_MAX 1200
const char *url_shown(const char *text, char *ret, size_t room);

#endif
