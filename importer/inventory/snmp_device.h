/* SPDX-License-Identifier: Apache-2.0
 * One device that SNMP is asked of: what to ask next, and what its replies say. Numeric object ids
 * of standard MIBs only; nothing here sends anything.
 *
 * Asked are SNMPv2-MIB (RFC 3418), the first chassis of ENTITY-MIB (RFC 6933), IF-MIB (RFC 2863)
 * and the addresses of IP-MIB (RFC 4293, and the older table for IPv4). */
#ifndef EF_IMPORTER_SNMP_DEVICE_H
#define EF_IMPORTER_SNMP_DEVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "common/ip.h"

#define SNMP_OID_MAX   128   /* numbers of an object id (RFC 2578 section 3.5) */
#define SNMP_ROWS_MAX  65536 /* interfaces of one device */
#define SNMP_OWN_MAX   8192  /* addresses of one device */
#define SNMP_AT_ONCE   3     /* objects in one question that is no walk */
#define SNMP_PLACE_MAX 80    /* "[address]:port" */

struct snmp_oid {
	unsigned long id[SNMP_OID_MAX];
	size_t n;
};

enum snmp_value_type {
	SNMP_TEXT,    /* octets */
	SNMP_NUMBER,  /* of any kind, not negative */
	SNMP_OBJECT,  /* an object id */
	SNMP_ADDRESS, /* four octets */
	SNMP_NOTHING, /* no such object, or the end of all */
	SNMP_OTHER,
};

struct snmp_value {
	const unsigned long *name; /* the object id that it stands behind */
	size_t name_len;
	enum snmp_value_type type;
	const unsigned char *octets; /* TEXT, ADDRESS */
	size_t len;
	uint64_t number;
	const unsigned long *object; /* OBJECT */
	size_t object_len;
};

struct snmp_interface {
	uint32_t index;
	uint64_t speed; /* bit/s; 0: unknown */
	char *name, *alias;
};

struct snmp_own {
	struct ip ip;
	uint32_t interface;
	int bits;    /* of its prefix as the family counts; -1: unknown */
	bool shared; /* anycast or broadcast */
};

enum snmp_ids {
	SNMP_IDS_IFINDEX,
	SNMP_IDS_OWN, /* the exporter has numbers of its own: no name is known of one */
};
extern const char *const snmp_ids_words[]; /* ends with NULL */

struct snmp_device {
	char *address;              /* as flows say; of exporters.csv */
	char place[SNMP_PLACE_MAX]; /* where it is asked */
	int ids;                    /* enum snmp_ids */

	/* what it said; NULL: nothing */
	char *name, *about, *serial, *product, *version;
	unsigned long maker; /* its number of the IANA; 0: unknown */
	struct snmp_interface *interface;
	size_t interfaces, interfaces_room; /* in the order of their numbers */
	struct snmp_own *own;
	size_t owns, owns_room;

	/* how far it is */
	unsigned step;
	struct snmp_oid last;   /* of a walk */
	unsigned long chassis;  /* its row in ENTITY-MIB; 0: none */
	size_t requests, wrong; /* `wrong`: values of another type than the MIB says */
	bool done, failed;
	struct err err; /* why it failed */
};

void snmp_device_release(struct snmp_device *d);

/* What to ask next; false: nothing, all is known. */
struct snmp_question {
	bool walk;   /* what stands behind the one object, else the objects themselves */
	bool needed; /* a device that cannot say that says nothing */
	struct snmp_oid oid[SNMP_AT_ONCE];
	size_t n;
};
bool snmp_device_next(struct snmp_device *d, struct snmp_question *ret);

/* The next step: all of this one is known, or it is none of the device's. */
void snmp_device_step(struct snmp_device *d);

/*
 * Takes one value of a reply to the question at hand. 1: the walk is at its end, 0: there may be
 * more, -1: the device answers out of order, or has more rows than can be.
 */
int snmp_device_take(struct snmp_device *d, const struct snmp_value *value, struct err *err);

#endif
