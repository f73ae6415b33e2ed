/* SPDX-License-Identifier: Apache-2.0
 * A source of type snmp: its devices are asked, and what they say becomes rows of exporters,
 * interfaces and, where `sets` says so, networks. */
#ifndef EF_IMPORTER_INV_SNMP_H
#define EF_IMPORTER_INV_SNMP_H

#include "common/conf.h"
#include "common/err.h"
#include "importer/inventory/inv_found.h"
#include "importer/inventory/inv_source.h"

/*
 * All that the devices say, into `found`, which is empty before. `seen` are the exporters that the
 * cluster has seen. A device that fails keeps the rows that are in `dir`, and standard error has a
 * line for all of them. -1: none answered, or a limit of the source is reached.
 */
int inv_snmp_fetch(const struct inv_source *s, const char *dir, const struct strlist *seen,
		   struct inv_found *found, struct err *err);

#endif
