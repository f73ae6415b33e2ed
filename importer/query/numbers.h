/* SPDX-License-Identifier: Apache-2.0
 * Numbers of headers that documents have under their names: protocols, DSCP, NAT events, forwarding
 * status. */
#ifndef EF_IMPORTER_NUMBERS_H
#define EF_IMPORTER_NUMBERS_H

struct number_name {
	int number;
	const char *name; /* as it stands in a document; of a forwarding status "status,reason" */
};

/* From the dictionaries of the pipelines; each ends with a name that is NULL. */
extern const struct number_name number_protocols[], number_dscp[], number_nat_events[],
    number_forwarding[];

/* NULL: it has none. */
const char *number_name(const struct number_name *rows, int number);
/* The number of a name, in any case; -1: there is none. */
int number_of(const struct number_name *rows, const char *name);

#endif
