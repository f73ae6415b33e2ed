/* SPDX-License-Identifier: Apache-2.0
 * What is learnt from which element of an options record. */
#ifndef EF_DECODE_ROLES_H
#define EF_DECODE_ROLES_H

#include "forwarder/decode/template/compile.h"

/* What the elements of an options record mean. */
enum role {
	ROLE_NONE,
	ROLE_INTERFACE,      /* which interface */
	ROLE_SAMPLER,        /* which sampler */
	ROLE_APPLICATION,    /* which application */
	ROLE_VRF,            /* which VRF */
	ROLE_INTERFACE_NAME, /* part 0 of an interface, ... */
	ROLE_INTERFACE_TEXT,
	ROLE_SAMPLER_NAME,
	ROLE_VRF_NAME,
	ROLE_APPLICATION_PART, /* part `arg` of an application */
	ROLE_INIT,
	ROLE_ELEMENT_PEN, /* RFC 5610: description of an element */
	ROLE_ELEMENT_ID,
	ROLE_ELEMENT_TYPE,
	ROLE_ELEMENT_NAME,
	ROLE_MEASURED, /* a count of the exporter itself; `arg` 1: since the last one */
	ROLES
};

/* The elements of an options template that are learnt from; those of no width are left out. `ret`
 * has room for specs_len. */
size_t roles_bind(const struct spec *specs, size_t specs_len, struct bound *ret);

#endif
