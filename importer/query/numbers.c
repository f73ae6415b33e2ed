/* SPDX-License-Identifier: Apache-2.0
 * Numbers of headers that documents have under their names: protocols, DSCP, NAT events, forwarding
 * status. */
#include "importer/query/numbers.h"

#include <stddef.h>
#include <strings.h>

#include "number_names.h" /* made from the dictionaries */

const struct number_name number_protocols[] = { NUMBERS_protocols{ -1, NULL } };
const struct number_name number_dscp[] = { NUMBERS_dscp{ -1, NULL } };
const struct number_name number_nat_events[] = { NUMBERS_nat_events{ -1, NULL } };
const struct number_name number_forwarding[] = { NUMBERS_forwarding_status{ -1, NULL } };

const char *number_name(const struct number_name *rows, int number)
{
	for (; rows->name; rows++)
		if (rows->number == number)
			return rows->name;
	return NULL;
}

int number_of(const struct number_name *rows, const char *name)
{
	for (; rows->name; rows++)
		if (strcasecmp(rows->name, name) == 0)
			return rows->number;
	return -1;
}
