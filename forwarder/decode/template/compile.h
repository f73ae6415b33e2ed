/* SPDX-License-Identifier: Apache-2.0
 * Templates to programs: which element becomes which JSON member, resolved once. */
#ifndef EF_DECODE_COMPILE_H
#define EF_DECODE_COMPILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/jsonw.h"
#include "forwarder/decode/template/converter.h"
#include "forwarder/decode/template/field.h"

/* `,"pen4294967295.65535":`: the key of an element that nobody knows */
#define TEMPLATE_KEY_ROOM (JSONW_PADDED(24u) + JSONW_GUARD)

#define SPECS_MAX 1024        /* elements of a template */
#define PEN_SCOPE 0xffffffffu /* our mark for NetFlow 9 scopes that no element stands for */

/* One element of a template, as it came over the wire. */
struct spec {
	uint32_t pen;
	uint16_t id;
	uint16_t width; /* bytes, or WIDTH_VARIABLE */
};

/* Where an element is. Elements of variable length cut a record into parts: each ends the part it
 * is in, and places are counted from the start of their part. */
struct place {
	uint16_t at;    /* in its part; 0 of an element of variable length, which ends it */
	uint16_t width; /* bytes, or WIDTH_VARIABLE */
	uint16_t part;
};

/* One step: 16 bytes. */
struct op {
	const char *key;
	struct place place;
	uint8_t key_len;
	uint8_t conv; /* enum converter */
};

/* An element of a meta template that something is learnt from (roles.h). */
struct bound {
	struct place place;
	uint8_t role, arg;
};

/* Elements that the decoder itself needs. */
enum ref_kind {
	REF_INGRESS,     /* IE_ingressInterface */
	REF_EGRESS,      /* IE_egressInterface */
	REF_APPLICATION, /* IE_applicationId */
	REF_VRF_IN,      /* IE_ingressVRFID */
	REF_VRF_OUT,     /* IE_egressVRFID */
	REF_SAMPLER,     /* IE_samplerId or IE_selectorId */
	REF_DIRECTION,   /* IE_flowDirection: 0 ingress, 1 egress */
	REF_RATE,        /* IE_samplerRandomInterval */
	REF_RATE_OLD,    /* IE_samplingInterval */
	REF_INTERVAL,    /* IE_samplingPacketInterval: sampled packets */
	REF_SPACE,       /* IE_samplingPacketSpace: packets passed over */
	REF_SIZE,        /* IE_samplingSize: n out of */
	REF_POPULATION,  /* IE_samplingPopulation: N */
	REF_PROBABILITY, /* IE_samplingProbability */
	REF_ALGORITHM,   /* IE_selectorAlgorithm */
	REF_INIT,        /* IE_systemInitTimeMilliseconds */
	REF_UPTIME_END,  /* IE_flowEndSysUpTime */
	REF_DURATION,    /* IE_flowDurationMilliseconds or IE_flowDurationMicroseconds */
	REFS
};

#define TIMES_MAX 6

struct counts;

/* An element that says when it was; the first one that is not 0 counts. */
struct time_source {
	struct place place;
	uint8_t conv; /* enum converter */
	bool start;   /* REF_DURATION is to be added */
};

/* clang-format off */
struct template {
	uint16_t id;
	uint16_t specs_len, scopes; /* scopes: of the specs, the first are scope fields */
	uint16_t ops_len, bound_len;
	uint16_t parts_len;         /* elements of variable length */
	/* shortest record; when parts_len is 0 the length of every record */
	uint16_t min_len;
	bool varying;               /* parts_len > 0 */
	bool lists;                 /* has lists */
	bool frame;                 /* has a piece of a frame to dissect */
	bool meta;                  /* a meta template: its records tell of the exporter */
	bool netflow9;              /* ids are NetFlow 9 field types */
	bool unknown;               /* has elements that the registry did not know */
	bool contested;             /* another port defined its id otherwise (exporter/device.h) */
	bool suspended;             /* the exporter started again and has not sent it since */
	bool duration_micro;        /* REF_DURATION is in microseconds */
	uint8_t times_len;
	uint32_t refs_set;          /* bit per enum ref_kind */
	/* largest JSON of the elements, without those of variable length */
	uint32_t room;
	uint32_t size;              /* bytes of memory */
	uint32_t described;         /* what its exporter had described (core/domain.h) */
	uint64_t used_ms;           /* last sent or used */
	uint64_t owners;            /* bit per port of the domain that defined it so */
	uint16_t port;              /* that defined it so; 0: several, or from before efd started */
	struct template *aside;     /* next of those that another port's took the place of */
	struct place refs[REFS];
	/* what a record may say about its time, the best first */
	struct time_source times[TIMES_MAX];
	struct op *ops;
	struct bound *bound;        /* bound_len of them; of a meta template */
	struct spec *specs;
	uint16_t *part_len;         /* fixed bytes of each part: parts_len + 1 */
	struct counts *counts;      /* what is to be judged of its counters; NULL: nothing */
};
/* clang-format on */

/* Working memory of compilations: too large for a thread's stack, and of no meaning between two of
 * them. */
struct compiler;
struct compiler *compiler_new(void); /* NULL: no memory */
void compiler_free(struct compiler *c);

/* Compile. `specs` is copied. NULL: no memory. A template whose records would be longer than a set
 * can be gets no ops and min_len WIDTH_VARIABLE, so that no record fits it. */
struct template *template_compile(struct compiler *c, const struct fields *fields, uint16_t id,
				  const struct spec *specs, size_t specs_len, size_t scopes,
				  bool meta, bool netflow9);
/* The same for a constant template whose paddingOctets (210) are left out. */
struct template *template_compile_constant(struct compiler *c, const struct fields *fields,
					   const struct spec *specs, size_t specs_len);

#endif
