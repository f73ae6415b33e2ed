/* SPDX-License-Identifier: Apache-2.0
 * The kinds of sources: one const row each says what it reads, and what it asks when nothing else
 * is said. */
#ifndef EF_IMPORTER_INV_TYPE_H
#define EF_IMPORTER_INV_TYPE_H

#include <stddef.h>

enum inv_form {
	INV_JSON,
	INV_CSV,
	/* a file as `efctl dictionaries import` reads it: rows with `address` and `name` */
	INV_HOSTS,
	INV_ZONE,
	INV_LEASES,
	INV_SNMP, /* devices, which have neither url nor file (inv_snmp.h) */
};

struct inv_type {
	const char *name;
	const char *text; /* one line for people */
	enum inv_form form;
	const char *scheme; /* in front of a token */
	const char *url;    /* where its maker publishes it; NULL: the user says it */
	const char *tables; /* JSON as in inventory.yml, or NULL: the user says them */
};

extern const struct inv_type inv_types[];
extern const size_t inv_types_len;

/* NULL when there is none of that name. */
const struct inv_type *inv_type_find(const char *name);

#endif
