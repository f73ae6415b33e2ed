/* SPDX-License-Identifier: Apache-2.0
 * One device that SNMP is asked of: what to ask next, and what its replies say. */
#include "importer/inventory/snmp_device.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

const char *const snmp_ids_words[] = { "ifindex", "own", NULL };

enum column {
	SYS_DESCR,
	SYS_OBJECT,
	SYS_NAME,
	ENT_CLASS,
	ENT_SOFTWARE,
	ENT_SERIAL,
	ENT_MODEL,
	IF_NAME,
	IF_DESCR,
	IF_ALIAS,
	IF_HIGH_SPEED,
	IF_SPEED,
	IP_OLD_INTERFACE,
	IP_OLD_MASK,
	IP_INTERFACE,
	IP_TYPE,
	IP_PREFIX,
};

#define MIB2 1, 3, 6, 1, 2, 1
#define OID(...)                                                                   \
	{                                                                          \
		.id = { __VA_ARGS__ },                                             \
		.n = sizeof((const unsigned long[]){ __VA_ARGS__ }) / sizeof(long) \
	}

static const struct snmp_oid columns[] = {
	[SYS_DESCR] = OID(MIB2, 1, 1),
	[SYS_OBJECT] = OID(MIB2, 1, 2),
	[SYS_NAME] = OID(MIB2, 1, 5),
	[ENT_CLASS] = OID(MIB2, 47, 1, 1, 1, 1, 5),
	[ENT_SOFTWARE] = OID(MIB2, 47, 1, 1, 1, 1, 10),
	[ENT_SERIAL] = OID(MIB2, 47, 1, 1, 1, 1, 11),
	[ENT_MODEL] = OID(MIB2, 47, 1, 1, 1, 1, 13),
	[IF_NAME] = OID(MIB2, 31, 1, 1, 1, 1),
	[IF_DESCR] = OID(MIB2, 2, 2, 1, 2),
	[IF_ALIAS] = OID(MIB2, 31, 1, 1, 1, 18),
	[IF_HIGH_SPEED] = OID(MIB2, 31, 1, 1, 1, 15),
	[IF_SPEED] = OID(MIB2, 2, 2, 1, 5),
	[IP_OLD_INTERFACE] = OID(MIB2, 4, 20, 1, 2),
	[IP_OLD_MASK] = OID(MIB2, 4, 20, 1, 3),
	[IP_INTERFACE] = OID(MIB2, 4, 34, 1, 3),
	[IP_TYPE] = OID(MIB2, 4, 34, 1, 4),
	[IP_PREFIX] = OID(MIB2, 4, 34, 1, 5),
};

#define CHASSIS 3 /* IANAPhysicalClass */
#define UNICAST 1 /* ipAddressType */

/* A walk has one column, another question those up to SNMP_AT_ONCE of one row. */
static const struct step {
	bool walk;
	size_t n;
	enum column column[SNMP_AT_ONCE];
} steps[] = {
	{ false, 3, { SYS_DESCR, SYS_OBJECT, SYS_NAME } },
	{ true, 1, { ENT_CLASS } },
	{ false, 3, { ENT_SOFTWARE, ENT_SERIAL, ENT_MODEL } },
	{ true, 1, { IF_NAME } },
	{ true, 1, { IF_DESCR } },
	{ true, 1, { IF_ALIAS } },
	{ true, 1, { IF_HIGH_SPEED } },
	{ true, 1, { IF_SPEED } },
	{ true, 1, { IP_OLD_INTERFACE } },
	{ true, 1, { IP_OLD_MASK } },
	{ true, 1, { IP_INTERFACE } },
	{ true, 1, { IP_TYPE } },
	{ true, 1, { IP_PREFIX } },
};
#define STEPS (sizeof(steps) / sizeof(steps[0]))

void snmp_device_release(struct snmp_device *d)
{
	for (size_t i = 0; i < d->interfaces; i++) {
		free(d->interface[i].name);
		free(d->interface[i].alias);
	}
	free(d->interface);
	free(d->own);
	free(d->address);
	free(d->name);
	free(d->about);
	free(d->serial);
	free(d->product);
	free(d->version);
}

/* ---- questions ----------------------------------------------------------------- */

static bool has_speed(const struct snmp_device *d)
{
	for (size_t i = 0; i < d->interfaces; i++)
		if (d->interface[i].speed)
			return true;
	return false;
}

/* What is asked only where something else was not known. */
static bool is_wanted(const struct snmp_device *d, const struct step *step)
{
	switch (step->column[0]) {
	case ENT_SOFTWARE:
		return d->chassis != 0;
	case IF_DESCR:
		return d->interfaces == 0;
	case IF_SPEED:
		return !has_speed(d);
	default:
		return true;
	}
}

bool snmp_device_next(struct snmp_device *d, struct snmp_question *ret)
{
	while (d->step < STEPS && !is_wanted(d, &steps[d->step]))
		snmp_device_step(d);
	if (d->step == STEPS)
		return false;
	const struct step *step = &steps[d->step];
	*ret = (struct snmp_question){ .walk = step->walk, .needed = d->step == 0, .n = step->n };
	for (size_t i = 0; i < step->n; i++) {
		struct snmp_oid *oid = &ret->oid[i];

		*oid = step->walk && d->last.n ? d->last : columns[step->column[i]];
		if (!step->walk)
			oid->id[oid->n++] = step->column[0] == ENT_SOFTWARE ? d->chassis : 0;
	}
	return true;
}

void snmp_device_step(struct snmp_device *d)
{
	d->step++;
	d->last.n = 0;
}

/* ---- values -------------------------------------------------------------------- */

/* A text of ours in the place of what was there: agents pad with NULs. */
static int take_text(struct snmp_device *d, const struct snmp_value *value, char **ret,
		     struct err *err)
{
	size_t len = value->len;

	if (value->type == SNMP_NOTHING)
		return 0;
	if (value->type != SNMP_TEXT) {
		d->wrong++;
		return 0;
	}
	while (len && value->octets[len - 1] == '\0')
		len--;
	char *text = malloc(len + 1);
	if (!text)
		return err_set(err, EF_FAILED, "out of memory");
	for (size_t i = 0; i < len; i++)
		text[i] = value->octets[i] ? (char)value->octets[i] : '?';
	text[len] = '\0';
	free(*ret);
	*ret = text;
	return 0;
}

static int rows_grow(void **array, size_t n, size_t *room, size_t size, struct err *err)
{
	if (n < *room)
		return 0;
	size_t more = *room ? *room * 2 : 32;
	void *bigger = realloc(*array, more * size);
	if (!bigger)
		return err_set(err, EF_FAILED, "out of memory");
	*array = bigger;
	*room = more;
	return 0;
}

static int interface_order(const void *key, const void *row)
{
	unsigned long index = *(const unsigned long *)key;
	const struct snmp_interface *interface = row;

	return index < interface->index ? -1 : index > interface->index;
}

/* The interface of a row; NULL: none has a name there. */
static struct snmp_interface *interface_at(const struct snmp_device *d, unsigned long index)
{
	return d->interfaces ? bsearch(&index, d->interface, d->interfaces, sizeof(*d->interface),
				       interface_order)
			     : NULL;
}

/* Rows come in the order of their numbers, so that the new one is the last. */
static int add_interface(struct snmp_device *d, unsigned long index, const struct snmp_value *value,
			 struct err *err)
{
	void *rows = d->interface;

	if (index == 0 || index > UINT32_MAX) {
		d->wrong++;
		return 0;
	}
	if (d->interfaces == SNMP_ROWS_MAX)
		return err_set(err, EF_FAILED, "more than %d interfaces", SNMP_ROWS_MAX);
	if (rows_grow(&rows, d->interfaces, &d->interfaces_room, sizeof(*d->interface), err))
		return -1;
	d->interface = rows;
	struct snmp_interface *interface = &d->interface[d->interfaces++];
	*interface = (struct snmp_interface){ .index = (uint32_t)index };
	return take_text(d, value, &interface->name, err);
}

static struct snmp_own *own_find(const struct snmp_device *d, const struct ip *ip)
{
	for (size_t i = 0; i < d->owns; i++)
		if (ip_equal(&d->own[i].ip, ip))
			return &d->own[i];
	return NULL;
}

/* The address that is the index of a row: four numbers, or the kind of address (RFC 4001), the
 * length and as many numbers. */
static bool row_address(const unsigned long *index, size_t n, bool old, struct ip *ret)
{
	uint8_t octets[16];
	size_t len = old ? 4 : n < 2 ? 0 : index[1];

	if (!old) {
		if (n < 2 || !((index[0] == 1 && len == 4) || (index[0] == 2 && len == 16)))
			return false;
		index += 2;
		n -= 2;
	}
	if (n != len)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (index[i] > 255)
			return false;
		octets[i] = (uint8_t)index[i];
	}
	*ret = len == 4 ? ip_from_v4(octets) : ip_from_v6(octets);
	return true;
}

static int add_own(struct snmp_device *d, const struct ip *ip, const struct snmp_value *value,
		   struct err *err)
{
	void *rows = d->own;

	if (value->type != SNMP_NUMBER || value->number > UINT32_MAX) {
		d->wrong++;
		return 0;
	}
	if (own_find(d, ip))
		return 0;
	if (d->owns == SNMP_OWN_MAX)
		return err_set(err, EF_FAILED, "more than %d addresses", SNMP_OWN_MAX);
	if (rows_grow(&rows, d->owns, &d->owns_room, sizeof(*d->own), err))
		return -1;
	d->own = rows;
	d->own[d->owns++] =
	    (struct snmp_own){ .ip = *ip, .interface = (uint32_t)value->number, .bits = -1 };
	return 0;
}

/* The bits of a mask that has ones and then zeros; -1: it has not. */
static int mask_bits(const unsigned char octets[4])
{
	uint32_t mask;

	memcpy(&mask, octets, sizeof(mask));
	mask = ntohl(mask);
	int bits = __builtin_popcount(mask);
	return mask == (bits ? UINT32_MAX << (32 - bits) : 0) ? bits : -1;
}

/* How long the prefix is stands at the end of the row that it leads to (RFC 4293,
 * ipAddressPrefix). */
static void take_bits(struct snmp_device *d, struct snmp_own *own, const struct snmp_value *value)
{
	unsigned long most = ip_is_v4(&own->ip) ? 32 : 128;

	if (value->type == SNMP_ADDRESS && value->len == 4)
		own->bits = mask_bits(value->octets);
	else if (value->type == SNMP_OBJECT && value->object_len > 10 &&
		 value->object[value->object_len - 1] <= most)
		own->bits = (int)value->object[value->object_len - 1];
	else if (value->type != SNMP_OBJECT) /* 0.0: there is none */
		d->wrong++;
}

static int take_address(struct snmp_device *d, enum column column, const unsigned long *index,
			size_t n, const struct snmp_value *value, struct err *err)
{
	struct ip ip;

	if (!row_address(index, n, column == IP_OLD_INTERFACE || column == IP_OLD_MASK, &ip))
		return 0; /* with a zone, say */
	if (column == IP_OLD_INTERFACE || column == IP_INTERFACE)
		return add_own(d, &ip, value, err);
	struct snmp_own *own = own_find(d, &ip);
	if (own && column == IP_TYPE)
		own->shared = value->type == SNMP_NUMBER && value->number != UNICAST;
	else if (own && own->bits < 0)
		take_bits(d, own, value);
	return 0;
}

static void take_speed(struct snmp_device *d, struct snmp_interface *interface, uint64_t unit,
		       const struct snmp_value *value)
{
	if (value->type != SNMP_NUMBER || value->number > UINT32_MAX)
		d->wrong++;
	else if (unit != 1 || value->number != UINT32_MAX) /* more than the older object can say */
		interface->speed = value->number * unit;
}

static int take_row(struct snmp_device *d, enum column column, const unsigned long *index, size_t n,
		    const struct snmp_value *value, struct err *err)
{
	if (column >= IP_OLD_INTERFACE)
		return take_address(d, column, index, n, value, err);
	if (n != 1) {
		d->wrong++;
		return 0;
	}
	if (column == ENT_CLASS) {
		if (value->type == SNMP_NUMBER && value->number == CHASSIS)
			d->chassis = index[0];
		return d->chassis ? 1 : 0;
	}
	if (column == IF_NAME || column == IF_DESCR)
		return add_interface(d, index[0], value, err);
	struct snmp_interface *interface = interface_at(d, index[0]);
	if (!interface)
		return 0;
	if (column == IF_ALIAS)
		return take_text(d, value, &interface->alias, err);
	take_speed(d, interface, column == IF_HIGH_SPEED ? 1000000 : 1, value);
	return 0;
}

static bool is_below(const struct snmp_value *value, const struct snmp_oid *base)
{
	return value->name_len > base->n &&
	       memcmp(value->name, base->id, base->n * sizeof(*base->id)) == 0;
}

/* Whether a is in front of b in the order of object ids. */
static bool is_before(const struct snmp_oid *a, const unsigned long *b, size_t n)
{
	for (size_t i = 0; i < a->n && i < n; i++)
		if (a->id[i] != b[i])
			return a->id[i] < b[i];
	return a->n < n;
}

static int take_walk(struct snmp_device *d, const struct snmp_value *value, struct err *err)
{
	enum column column = steps[d->step].column[0];
	const struct snmp_oid *base = &columns[column];

	if (value->type == SNMP_NOTHING || value->name_len > SNMP_OID_MAX)
		return 1;
	if (!is_before(d->last.n ? &d->last : base, value->name, value->name_len))
		return err_set(err, EF_FAILED,
			       "answers out of order: what comes is not behind what was asked");
	if (!is_below(value, base))
		return 1;
	memcpy(d->last.id, value->name, value->name_len * sizeof(*value->name));
	d->last.n = value->name_len;
	return take_row(d, column, value->name + base->n, value->name_len - base->n, value, err);
}

static int take_object(struct snmp_device *d, const struct snmp_value *value, struct err *err)
{
	if (value->type == SNMP_OBJECT && is_below(value, &columns[SYS_OBJECT])) {
		/* 1.3.6.1.4.1, and whose it is */
		static const unsigned long enterprises[] = { 1, 3, 6, 1, 4, 1 };

		if (value->object_len > 6 &&
		    memcmp(value->object, enterprises, sizeof(enterprises)) == 0)
			d->maker = value->object[6];
		return 0;
	}
	char **field = is_below(value, &columns[SYS_DESCR])      ? &d->about
		       : is_below(value, &columns[SYS_NAME])     ? &d->name
		       : is_below(value, &columns[ENT_SOFTWARE]) ? &d->version
		       : is_below(value, &columns[ENT_SERIAL])   ? &d->serial
		       : is_below(value, &columns[ENT_MODEL])    ? &d->product
								 : NULL;
	return field ? take_text(d, value, field, err) : 0;
}

int snmp_device_take(struct snmp_device *d, const struct snmp_value *value, struct err *err)
{
	return steps[d->step].walk ? take_walk(d, value, err) : take_object(d, value, err);
}
