/* SPDX-License-Identifier: Apache-2.0
 * Which devices a source of type snmp asks: those of inventory.yml, and those that the cluster has
 * seen as exporters. */
#ifndef EF_IMPORTER_INV_DEVICES_H
#define EF_IMPORTER_INV_DEVICES_H

#include <stddef.h>
#include <stdio.h>

#include "common/conf.h"
#include "common/err.h"
#include "importer/inventory/inv_source.h"
#include "importer/inventory/snmp_device.h"

#define INV_DEVICES_MAX 20000

/* How the patterns of `roles` are compiled. */
#define INV_ROLE_FLAGS (REG_EXTENDED | REG_ICASE | REG_NOSUB)

/* Whether `devices` and `roles` of the source can be used. */
int inv_devices_check(const struct inv_source *s, struct err *err);

/* The devices, one for each address; release with inv_devices_release() in any case. EF_USAGE:
 * there is none. */
int inv_devices_make(const struct inv_source *s, const struct strlist *seen,
		     struct snmp_device **ret_devices, size_t *ret_n, struct err *err);
void inv_devices_release(struct snmp_device *devices, size_t n);

/*
 * What the cluster has seen: a line an address from `in`, and where nobody says anything (no
 * connection), those of the last time, which are kept in discovered/.seen-SOURCE.
 */
int inv_seen_read(FILE *in, const char *dir, const char *source, struct strlist *ret,
		  struct err *err);
int inv_seen_write(const char *dir, const char *source, const struct strlist *seen,
		   struct err *err);

#endif
