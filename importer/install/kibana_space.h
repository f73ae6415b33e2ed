/* SPDX-License-Identifier: Apache-2.0
 * Ids of saved objects in a Kibana space of its own: the id in our files, and what it is called
 * there. */
#ifndef EF_IMPORTER_KIBANA_SPACE_H
#define EF_IMPORTER_KIBANA_SPACE_H

#include <jansson.h>
#include <stdbool.h>

/*
 * Ids of dashboards are unique over all spaces of a Kibana. In the default space (NULL) objects
 * have the ids of our files; in the space "netops" flow-overview is flow-overview-netops, in
 * references and in links ("#/view/ID") too. So every space has dashboards of its own, whose
 * navigation stays there.
 */
void space_enter(json_t *object, const char *space);

/* The way back: an exported object has the ids of our files again. False: it has none of `space`,
 * nothing was changed. */
bool space_leave(json_t *object, const char *space);

#endif
