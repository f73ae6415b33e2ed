/* SPDX-License-Identifier: Apache-2.0
 * What an installation without a prefix calls its own things in the cluster; NAME() of
 * common/names.h makes those of one with a prefix of them. */
#ifndef EF_IMPORTER_NAMES_H
#define EF_IMPORTER_NAMES_H

#include "common/names.h"

#define NAMES_INSTALLATION "flow"

/* The index of the record: ordinary and hidden, without a leading dot, which newer versions keep
 * for themselves. */
#define NAMES_INDEX  NAMES_INSTALLATION "-installation"
#define NAMES_RECORD NAMES_INSTALLATION          /* documents there: the record */
#define NAMES_LEASE  NAMES_INSTALLATION "-lease" /* who is changing the installation */
#define NAMES_FILE   NAMES_INSTALLATION "-file-" /* + hash and part: copies of dictionaries */

/* The component template with a copy of what the record says: an efctl that knows no record sees
 * it, and takes it away when it changes the installation. */
#define NAMES_COPY NAMES_INSTALLATION "@installation"

/* The component template with what setup installed in Kibana: ours, but without a hash. */
#define NAMES_KIBANA NAMES_INSTALLATION "@kibana"

#endif
