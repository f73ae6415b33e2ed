/* SPDX-License-Identifier: Apache-2.0
 * Asks devices by SNMP, many at a time in one thread, with net-snmp's library: SNMPv2c, and SNMPv3
 * with the user-based security model (RFC 3414), authenticated and encrypted unless the source says
 * otherwise. The library reads no settings and no MIB files of its own, and writes nothing. */
#ifndef EF_IMPORTER_SNMP_ASK_H
#define EF_IMPORTER_SNMP_ASK_H

#include <stddef.h>

#include "common/err.h"
#include "importer/inventory/inv_source.h"
#include "importer/inventory/snmp_device.h"

/*
 * Asks all of them, within the source's limits: `seconds` in all and a quarter of that for each
 * device, `bytes` of all replies, `rows` (interfaces) of all, `pages` (requests) of each. A device
 * that fails is marked, with the reason in its `err`. -1: nobody can be asked (a secret cannot be
 * read, say), or a limit of the source as a whole is reached.
 */
int snmp_ask(const struct inv_source *s, struct snmp_device *devices, size_t n, struct err *err);

#endif
