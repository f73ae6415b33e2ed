/* SPDX-License-Identifier: Apache-2.0
 * The templates of a domain: add, replace, withdraw, forget; and the sets that wait for theirs.
 *
 * Templates are applied in wire order; one id has one template whatever its kind; the newest wins. The ceilings are of
 * one exporter address, so that nobody's flood of templates touches another exporter's. */
#ifndef EF_DECODE_TEMPLATE_H
#define EF_DECODE_TEMPLATE_H

#include "forwarder/decode/record.h"

struct template_store {
	struct template **rows; /* by id */
	uint32_t len, room;
	uint32_t
	    learnt; /* how many elements the exporter had described when the rows were compiled */
};

/* The template, or NULL. */
struct template *template_find(const struct domain *dom, uint16_t id);
/* The same for the start of a data set: what the exporter described since the templates came counts from now on. Templates
 * with unknown elements are compiled anew, so no pointer to one may be held. */
struct template *template_ready(struct decoder *dec, struct domain *dom, uint16_t id);

/* A template came: a refresh of the one that is there, or a new one. Returns what is in force then, NULL when it was refused
 * (ceiling or memory; an older one of that id is gone then). *ret_new: it was not a refresh. */
struct template *template_add(struct decoder *dec, struct domain *dom, uint16_t id,
			      const struct spec *specs, size_t specs_len, size_t scopes,
			      bool options, bool *ret_new);

/* False: there was none. */
bool template_remove(struct decoder *dec, struct domain *dom, uint16_t id);
/* All data templates, or all options templates, of the domain. */
void template_remove_all(struct decoder *dec, struct domain *dom, bool options);
/* Forget what nobody used or sent since `before_ms`. */
void template_expire(struct decoder *dec, struct domain *dom, uint64_t before_ms);
/* The tables of elements changed: compile all again. What there is no memory for is forgotten and counted as refused. */
void template_rebind_all(struct decoder *dec, struct domain *dom);
void template_store_free(struct decoder *dec, struct domain *dom);

/* Template sets of NetFlow 9 and IPFIX (template_set.c). Data that waited for a template is decoded as soon as it is
 * there. */
void template_set(struct decoder *dec, struct sink *sink, struct cursor set, bool options);

/* ---- data sets (set.c) ---- */

/* Decode the data set `id` of the datagram at hand, or hold it. */
void data_set(struct decoder *dec, struct sink *sink, uint16_t id, struct cursor set);

/* Walk the records of a set under a template that is known. */
void data_records(struct decoder *dec, struct sink *sink, const struct template *tmpl,
		  struct cursor set, bool held);

/* ---- held sets (held.c) ---- */

void held_add(struct decoder *dec, uint16_t id, struct cursor set);
/* The template `id` came to the domain at hand: decode what waited for it. */
void held_release(struct decoder *dec, struct sink *sink, uint16_t id);
/* Drop what came before `before_ms`. */
void held_expire(struct decoder *dec, struct domain *dom, uint64_t before_ms);
void held_free(struct decoder *dec, struct domain *dom);

#endif
