/* SPDX-License-Identifier: Apache-2.0
 * Words of the filter with rules of their own: ends, exporters, events, and what nfdump has and no
 * document. */
#ifndef EF_IMPORTER_NAMED_H
#define EF_IMPORTER_NAMED_H

#include "importer/query/special.h"

word_read read_host, read_end, read_exporter, read_direction, read_flowdir, read_forwarding,
    read_mpls, read_threat, read_observation, read_payload, read_asa, read_nat, read_true,
    read_sampled, read_has, read_refused;

#endif
