/* SPDX-License-Identifier: Apache-2.0
 * Threat indicators as ECS documents in logs-ti_flow-<namespace>, for Kibana's Intelligence page
 * and match rules. */
#ifndef EF_IMPORTER_INDICATORS_H
#define EF_IMPORTER_INDICATORS_H

#include <stddef.h>

#include "common/err.h"
#include "importer/dictionary/dict.h"

struct es;

struct indicators_report {
	size_t stored; /* new documents */
	/* there already: an indicator is written once a day, its age shows in @timestamp */
	size_t present;
};

/* Writes every row of threats that threat-allow does not cover. */
int indicators_send(struct es *es, const char *namespace, struct dict_set *set,
		    struct indicators_report *ret_report, struct err *err);

#endif
