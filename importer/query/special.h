/* SPDX-License-Identifier: Apache-2.0
 * Words of the filter with rules of their own: what stands in the headers of packets. */
#ifndef EF_IMPORTER_SPECIAL_H
#define EF_IMPORTER_SPECIAL_H

#include "importer/query/node.h"
#include "importer/query/parser.h"

struct word_row;

/* Each reads what follows its word and sets *ret_node; -1 with p->err. */
typedef int word_read(struct parser *p, const struct word_row *row, struct node **ret_node);
word_read read_any, read_version, read_protocol, read_flags, read_tos, read_icmp, read_icmp_word,
    read_duration, read_rate, read_flows, read_netflow, read_ethertype;

#endif
