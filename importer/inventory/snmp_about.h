/* SPDX-License-Identifier: Apache-2.0
 * What the description of a device and the number of its maker say to people. */
#ifndef EF_IMPORTER_SNMP_ABOUT_H
#define EF_IMPORTER_SNMP_ABOUT_H

#include <stddef.h>

/* The maker by its Private Enterprise Number (IANA); "" for one that the table lacks. */
const char *snmp_maker(unsigned long number);

/* The version of the software out of sysDescr, which has no form of its own: what stands behind
 * "Version" or the name of some systems, when it looks like one. "": there is none. */
const char *snmp_version(const char *about, char *text, size_t size);

#endif
