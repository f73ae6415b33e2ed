/* SPDX-License-Identifier: Apache-2.0
 * What every dictionary and MMDB file says of an address: straight from the rows, for people. */
#ifndef EF_IMPORTER_DICT_ASK_H
#define EF_IMPORTER_DICT_ASK_H

#include <jansson.h>
#include <stdio.h>

#include "common/conf.h"
#include "importer/dictionary/dict.h"

/*
 * All rows whose prefix holds `address` (IPv4, IPv6, MAC), longest prefix first, as {"NAME":
 * [{"prefix": …, "layer": "discovered", "origin": "file:line", …}]}; and for each MMDB file
 * {"FILE": record}. A new reference. EF_USAGE when it is no address.
 */
int dict_ask(struct dict_set *set, const struct strlist *mmdb, const char *address,
	     json_t **ret_answers, struct err *err);

void dict_ask_print(FILE *out, const char *address, const json_t *answers);

#endif
