/* SPDX-License-Identifier: Apache-2.0
 * What of Kibana is not imported: alerting rules and an advanced setting, each with an API of its
 * own. */
#ifndef EF_IMPORTER_KIBANA_EXTRA_H
#define EF_IMPORTER_KIBANA_EXTRA_H

#include <jansson.h>
#include <stdbool.h>

#include "common/err.h"
#include "importer/install/kibana.h"

/*
 * Rules are the files kibana/alerting/NAME.json; each gets an id that is the same in every
 * installation, but another one in every space. They are planned with kibana.alerts, and later as
 * long as they are there. The setting filters:pinnedByDefault is planned with kibana.pin_filters;
 * where it is ours and the option says no, it is put back. What somebody else has set, or
 * kibana.yml, is "yours": left alone without a word.
 */
int kibana_extra_plan(struct kibana *k, const struct app *app, struct plan *p, struct err *err);

/* Writes what is to be written and notes it in k->record: the number of changes, or -1. */
int kibana_extra_apply(struct kibana *k, struct plan *p, bool force, struct err *err);

/* Deletes the rules and puts the setting back, if unchanged or by `force`. Marks of what was kept
 * go to `left`. */
int kibana_extra_remove(struct kibana *k, bool force, json_t *left, struct err *err);

#endif
