/* SPDX-License-Identifier: Apache-2.0
 * The templates of a session: add, replace, withdraw, forget.
 *
 * Templates are applied in wire order; one id has one template whatever its kind; the newest wins.
 * The ceilings are of one exporter address, so that nobody's flood of templates touches another
 * exporter's. */
#ifndef EF_DECODE_TEMPLATE_H
#define EF_DECODE_TEMPLATE_H

#include "forwarder/decode/core/decoder.h"
#include "forwarder/decode/template/compile.h"

#define TEMPLATES_ASIDE_MAX 64 /* of a session; beyond it the new one is not kept */

struct template_store {
	struct template **rows; /* by id */
	uint32_t len, room;
	uint32_t meta_len; /* of them, of meta records */
	struct template
	    *aside; /* those of ports that another port defined anew; in force for nobody */
	uint32_t aside_len;
};

/* Whose descriptions of elements hold: of one of several devices that has given none, those of the
 * address. */
static inline const struct exporter *describer_of(const struct domain *domain)
{
	const struct exporter *e = domain->exporter;
	return e->fields ? e : e->root;
}

/* The elements as the exporter of `domain` means them. */
static inline const struct fields *fields_of(const struct decoder *dec, const struct domain *domain)
{
	const struct exporter *e = describer_of(domain);
	return e->fields ? e->fields : dec->fields;
}

/* The template that is in force, or NULL. */
struct template *template_find(const struct session *session, uint16_t id);
/* The template that was in force before the exporter started again, and has not come since; NULL:
 * none. */
struct template *template_find_suspended(const struct session *session, uint16_t id);
/* Suspend all templates of the session, or put them in force again. Returns how many were not so
 * before. */
uint32_t template_suspend_all(struct session *session, bool suspended);
/* The same for the start of a data set: what the exporter described since the template came counts
 * from now on. One with unknown elements is compiled anew, so no pointer to it may be held. That is
 * paid with the bytes that the domain has sent: where they do not suffice the template stays as it
 * is, until they do. */
struct template *template_ready(struct decoder *dec, struct session *session, uint16_t id);

/* A template came: a refresh of the one that is there, or a new one. Returns what is in force then,
 * NULL when it was refused (ceiling or memory; an older one of that id is gone then). *ret_new: it
 * was not in force before. */
struct template *template_add(struct decoder *dec, struct session *session, uint16_t id,
			      const struct spec *specs, size_t specs_len, size_t scopes, bool meta,
			      bool *ret_new);

/* Was there a template `id` of one of these ports, before another port defined it anew? */
bool template_is_aside(const struct session *session, uint16_t id, uint64_t owners);
/* These ports stand for others from now on. */
void template_disown(struct decoder *dec, struct session *session, uint64_t owners);
/* `to` is of the domain of a device: it gets what its port, of that bit, defined in `from`. */
void template_inherit(struct decoder *dec, struct session *from, struct session *to,
		      uint64_t owner);

/* False: there was none. */
bool template_remove(struct decoder *dec, struct session *session, uint16_t id);
/* All flow templates, or all meta templates. */
void template_remove_all(struct decoder *dec, struct session *session, bool meta);
/* Forget what nobody used or sent since `before_ms`. */
void template_expire(struct decoder *dec, struct session *session, uint64_t before_ms);
/* The tables of elements changed: compile all again. What there is no memory for is forgotten and
 * counted as refused. */
void template_rebind_all(struct decoder *dec, struct session *session);
void template_store_free(struct decoder *dec, struct session *session);

#endif
