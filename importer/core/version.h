/* SPDX-License-Identifier: Apache-2.0
 * Versions of efctl: which of two is the newer one. */
#ifndef EF_IMPORTER_VERSION_H
#define EF_IMPORTER_VERSION_H

/* This efctl's: "v1.2.0", "v1.2.0-14-gabc123", or before the first release
 * "0.1.0-20260101120000-gabc123" with the commit's time. */
extern const char *const version_own;

enum version_order { VERSION_OLDER, VERSION_SAME, VERSION_NEWER, VERSION_UNKNOWN };

/* What `one` is beside `other`. A release goes before what comes after it; without numbers that
 * differ it is unknown. */
enum version_order version_compare(const char *one, const char *other);

#endif
