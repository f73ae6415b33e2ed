/* SPDX-License-Identifier: Apache-2.0
 * Whose names and rates the records of a session get: those that its connection alone taught, then
 * its domain's, then those that another domain of the address lends. */
#ifndef EF_DECODE_KNOWN_H
#define EF_DECODE_KNOWN_H

#include "forwarder/decode/exporter/learnt.h"

/* What is looked into first; NULL: nothing. */
const struct learnt_store *known_own(const struct session *session);
/* What stands in where that has nothing of a kind, or NULL: what other connections taught of the
 * domain (no rates, where it told some itself); else that of the domain of the same address that
 * last sent some. Sampling is lent more carefully, because every domain has its own and its
 * numbers of samplers mean nothing elsewhere: only within a protocol, and only by a domain that
 * sends no flows itself. One of several devices behind an address (device.h) borrows from its own
 * domains first; then from the only other sender of some at the address that sends no flows
 * itself, as the route processor of a router does: two of them may mean different things. */
const struct learnt_store *known_lent(const struct session *session, enum learnt_kind kind);
/* May the sampling rates of known_lent() be used, whatever the kind? */
bool known_lends_rates(const struct session *session, enum learnt_kind kind);
/* The rate of the only sampler of `store`, which samples all interfaces; 0: it has none such, or
 * several. */
uint32_t known_only_sampler(const struct learnt_store *store);
/* The rate of the whole exporter, else of the header (*ret_header: it is that), else a lent one; 0:
 * not said. */
uint32_t known_rate(const struct session *session, bool *ret_header);
/* The exporter's uptime at the export time at hand; false: it has not said when it started. */
bool known_uptime(const struct decoder *dec, const struct session *session,
		  uint32_t *ret_uptime_ms);

#endif
