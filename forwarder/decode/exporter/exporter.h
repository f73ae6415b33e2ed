/* SPDX-License-Identifier: Apache-2.0
 * Who sends: exporters and their domains (core/domain.h) are found, made and forgotten. */
#ifndef EF_DECODE_EXPORTER_H
#define EF_DECODE_EXPORTER_H

#include "forwarder/decode/core/domain.h"

struct decoder;
struct exporter_table;

/* Which domain: of NetFlow and IPFIX all three addresses are the sender's. */
struct domain_key {
	const struct ip *sender, *exporter, *agent;
	enum protocol protocol;
	uint32_t id;
	bool stream;
	uint16_t port; /* of a device; 0: of the address */
};

/* Find or make. At a ceiling an idle domain that has learnt nothing makes room. NULL: there was
 * none, or there is no memory; that is counted and noted as the datagram's problem. */
struct domain *domain_get(struct decoder *dec, const struct domain_key *key);
/* The same without making one: NULL then. */
struct domain *domain_find(const struct decoder *dec, const struct domain_key *key);
struct domain_key domain_key(const struct domain *dom);
/* That of the address, of a domain of one of several devices behind it; NULL: it is none, or there
 * is none. */
struct domain *domain_base(const struct decoder *dec, const struct domain *dom);
/* The exporter of an address, or a device behind it; NULL: none is known. */
struct exporter *exporter_find(const struct decoder *dec, const struct ip *address, uint16_t port);
/* Forget a device with all its domains. */
void exporter_drop(struct decoder *dec, struct exporter *exporter);

/* Makes and frees the tables. False: no memory. */
bool exporter_table_make(struct decoder *dec);
void exporter_table_free(struct decoder *dec);
/* Calls `each` for every domain; it may free nothing. */
int exporter_each(const struct decoder *dec, int (*each)(struct domain *, void *), void *arg);
/* The same for one part of several that are about the same size. */
int exporter_each_of(const struct decoder *dec, uint32_t part, uint32_t parts,
		     int (*each)(struct domain *, void *), void *arg);
/* Is it silent for so long that it may be forgotten? An hour when nothing is known of it, or of a
 * device; the life of a template otherwise. Over TCP not while a connection has templates. */
bool domain_is_over(const struct decoder *dec, const struct domain *dom, uint64_t now_ms);
/* Forget it. */
void domain_drop(struct decoder *dec, struct domain *dom);

#endif
