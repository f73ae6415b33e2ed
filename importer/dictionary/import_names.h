/* SPDX-License-Identifier: Apache-2.0
 * Names of hosts out of hosts files, DNS zone files, and the lease files of DHCP servers. */
#ifndef EF_IMPORTER_IMPORT_NAMES_H
#define EF_IMPORTER_IMPORT_NAMES_H

#include "common/err.h"
#include "importer/dictionary/import_row.h"

int import_hosts(struct import *im, const char *path, struct err *err);
int import_zone(struct import *im, const char *path, struct err *err);
int import_leases(struct import *im, const char *path, struct err *err);

#endif
