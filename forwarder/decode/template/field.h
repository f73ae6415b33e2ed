/* SPDX-License-Identifier: Apache-2.0
 * The registry of information elements: (enterprise, id) to name, abstract type and ready-made JSON
 * key.
 *
 * The rows come from forwarder/fields (IANA's registry, vendors' elements, their RFC 5103 reverses)
 * and are compiled in. A `struct fields` is a layer over them: the user's CSV, loaded at start,
 * which may add and rename. Over that an exporter may have one of the elements that it described
 * itself (RFC 5610); those never replace one that is known. Each decoder owns its own, so nothing
 * is shared between threads. Pointers to a `struct field` stay valid until fields_free(). */
#ifndef EF_FORWARDER_DECODE_FIELD_H
#define EF_FORWARDER_DECODE_FIELD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "forwarder/decode/template/field_type.h"

#define FIELD_PEN_IANA    0u
#define FIELD_PEN_CISCO   9u
#define FIELD_PEN_REVERSE 29305u /* RFC 5103 section 6.1 */
/* What ipfixcol2 and libfds give NetFlow 9 types above 32767 when they pass them on as IPFIX; the
 * id is the rest. */
#define FIELD_PEN_NETFLOW9 UINT32_MAX

#define FIELD_NAME_MAX 100 /* "vendor.name" with a NUL */
#define FIELD_KEY_ROOM 128 /* a padded key (jsonw.h) of the longest name */

struct field {
	uint32_t pen;
	uint16_t id;
	uint8_t type;     /* enum field_type */
	uint8_t width;    /* natural width of the type in octets, 0 when it has none */
	uint8_t key_len;  /* octets of `key` that count */
	const char *name; /* as under `ie`: "octetDeltaCount", "cisco.clientBytesNetwork" */
	const char *key;  /* ",\"name\":", padded (jsonw.h) */
};

struct fields;

/* The compiled rows only, with empty layers. NULL when there is no memory. */
struct fields *fields_new(void);
void fields_free(struct fields *f);
/* An empty layer over `below`, which must live longer; `seed` of hash_seed() where others choose
 * what is in it. NULL when there is no memory. */
struct fields *fields_layer(const struct fields *below, uint64_t seed);

/* Load a table of the user: header "pen,id,name,type", one element a row. A name without a dot gets
 * its vendor's prefix; pen 0 and an id above 32767 is a private NetFlow 9 field type. 0, or -1 with
 * `err` (file:line). May be called for several files; a later row wins. Two elements of one file
 * must not have one name. Not while templates are bound. */
int fields_load_csv(struct fields *f, const char *path, struct err *err);

/* fields_new() and fields_load_csv() of each of `n` files; NULL with `err`. */
struct fields *fields_open(char *const *paths, size_t n, struct err *err);

/* The two tables change places, the layers above each stay with it. Templates that were bound to
 * one of them still point into what the other is now. */
void fields_swap(struct fields *a, struct fields *b);

/* The element, or NULL when it is not known. O(log n); called when templates are bound, not per
 * record. */
const struct field *fields_find(const struct fields *f, uint32_t pen, uint16_t id);

/* The element behind a NetFlow 9 field type: no enterprise bit there, so private types above 32767
 * (and a few below) are mapped to their vendor's element by fields/netflow9.csv. NULL when it is
 * not known. */
const struct field *fields_find_netflow9(const struct fields *f, uint16_t id);

/* The element of that name ("sourceIPv4Address", "ntop.l7Proto"), or NULL. Slow: for start-up and
 * tests. */
const struct field *fields_find_name(const struct fields *f, const char *name);

/* Short name of an enterprise in JSON keys ("cisco"), or NULL. */
const char *fields_vendor(uint32_t pen);

/* Make `ret` the element "pen<N>.<id>" of type octetArray; `key` is the storage it points into
 * (name included), owned by the caller and to be kept as long as `ret`. */
void field_unknown(uint32_t pen, uint16_t id, char key[FIELD_KEY_ROOM], struct field *ret);

/* What became of an element that an exporter described (RFC 5610). */
enum fields_learn {
	FIELDS_LEARNT, /* new, findable from now on */
	FIELDS_KNOWN,  /* the registry, the user or an earlier record has it; nothing changed */
	/* no name, a name that is no identifier, IANA's own space, or an unknown type */
	FIELDS_REFUSED,
	FIELDS_FULL, /* FIELDS_LEARN_MAX elements are learnt already, or no memory */
};

#define FIELDS_LEARN_MAX   512 /* of one exporter */
#define FIELDS_LEARN_BYTES 384 /* what one takes, at most */

/* Learn (pen, id) with `name` (`name_len` octets, trailing NULs ignored) and IANA data type number
 * `type` (0 when the record has none). */
enum fields_learn fields_learn(struct fields *f, uint32_t pen, uint16_t id, const uint8_t *name,
			       size_t name_len, uint8_t type);

/* Element `i` of those that the layer itself has, without those below; NULL: it has no more. */
const struct field *fields_own(const struct fields *f, size_t i);

/* Number of compiled rows, and row `i` of them, in order of (pen, id). */
size_t fields_count(void);
const struct field *fields_row(size_t i);

#endif
