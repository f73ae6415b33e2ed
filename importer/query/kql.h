/* SPDX-License-Identifier: Apache-2.0
 * A filter as KQL, the language of Kibana's search bar. */
#ifndef EF_IMPORTER_KQL_H
#define EF_IMPORTER_KQL_H

#include "common/err.h"
#include "importer/query/node.h"

/* The caller's text; EF_USAGE where KQL cannot say it: what is asked by a script. */
int kql_of(const struct node *node, char **ret_text, struct err *err);

#endif
