/* SPDX-License-Identifier: Apache-2.0
 * MMDB files of any make, read with libmaxminddb: one address asked, or all networks walked. */
#include "importer/dictionary/mmdb.h"

#include <maxminddb.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/regular.h"

#define DEPTH_MAX 64 /* maps and arrays inside one another, in a record */

static void cleanup_mmdb_(MMDB_s *db)
{
	MMDB_close(db);
}
#define CLEANUP_MMDB __attribute__((cleanup(cleanup_mmdb_)))

static int open_file(const char *path, MMDB_s *db, struct err *err)
{
	if (regular_check(path, err)) { /* the library would wait for a FIFO */
		memset(db, 0, sizeof(*db));
		err->code = EF_USAGE;
		return -1;
	}
	int status = MMDB_open(path, MMDB_MODE_MMAP, db);

	if (status == MMDB_SUCCESS)
		return 0;
	memset(db, 0, sizeof(*db));
	return err_set(err, EF_USAGE, "%s: %s", path, MMDB_strerror(status));
}

static MMDB_entry_data_list_s *to_json(MMDB_entry_data_list_s *node, int depth, json_t **ret_json);

static MMDB_entry_data_list_s *map_to_json(MMDB_entry_data_list_s *node, int depth, json_t *map)
{
	uint32_t n = node->entry_data.data_size;

	node = node->next;
	for (; n && node; n--) {
		json_t *value = NULL;
		CLEANUP_FREE char *key =
		    node->entry_data.type == MMDB_DATA_TYPE_UTF8_STRING
			? strndup(node->entry_data.utf8_string, node->entry_data.data_size)
			: NULL;

		node = to_json(node->next, depth + 1, &value);
		if (key && value)
			json_object_set_new(map, key, value);
		else
			json_decref(value);
	}
	return node;
}

static json_t *number_json(const MMDB_entry_data_s *d)
{
	switch (d->type) {
	case MMDB_DATA_TYPE_DOUBLE:
		return json_real(d->double_value);
	case MMDB_DATA_TYPE_FLOAT:
		return json_real((double)d->float_value);
	case MMDB_DATA_TYPE_UINT16:
		return json_integer(d->uint16);
	case MMDB_DATA_TYPE_UINT32:
		return json_integer(d->uint32);
	case MMDB_DATA_TYPE_INT32:
		return json_integer(d->int32);
	case MMDB_DATA_TYPE_UINT64:
		return json_integer((json_int_t)d->uint64);
	case MMDB_DATA_TYPE_BOOLEAN:
		return json_boolean(d->boolean);
	default:
		/* bytes and 128 bit numbers: no database has them in what people ask for */
		return NULL;
	}
}

/* The value at `node`, a new reference, and the node behind it. */
static MMDB_entry_data_list_s *to_json(MMDB_entry_data_list_s *node, int depth, json_t **ret_json)
{
	uint32_t n;

	if (!node || depth > DEPTH_MAX)
		return NULL;
	switch (node->entry_data.type) {
	case MMDB_DATA_TYPE_MAP:
		*ret_json = json_object();
		return map_to_json(node, depth, *ret_json);
	case MMDB_DATA_TYPE_ARRAY:
		*ret_json = json_array();
		n = node->entry_data.data_size;
		for (node = node->next; n && node; n--) {
			json_t *value = NULL;
			node = to_json(node, depth + 1, &value);
			json_array_append_new(*ret_json, value ? value : json_null());
		}
		return node;
	case MMDB_DATA_TYPE_UTF8_STRING:
		*ret_json = json_stringn(node->entry_data.utf8_string, node->entry_data.data_size);
		return node->next;
	default:
		*ret_json = number_json(&node->entry_data);
		return node->next;
	}
}

static int entry_json(const char *path, MMDB_entry_s *entry, json_t **ret_json, struct err *err)
{
	MMDB_entry_data_list_s *list = NULL;
	int status = MMDB_get_entry_data_list(entry, &list);

	*ret_json = NULL;
	if (status == MMDB_SUCCESS)
		to_json(list, 0, ret_json);
	MMDB_free_entry_data_list(list); /* of a broken record there is a list, too */
	return status == MMDB_SUCCESS
		   ? 0
		   : err_set(err, EF_FAILED, "%s: %s", path, MMDB_strerror(status));
}

int mmdb_ask(const char *path, const struct ip *ip, json_t **ret_record, struct err *err)
{
	CLEANUP_MMDB MMDB_s db = { 0 };
	MMDB_lookup_result_s found;
	char text[IP_TEXT_MAX];
	int gai = 0, status = MMDB_SUCCESS;

	*ret_record = NULL;
	if (open_file(path, &db, err))
		return -1;
	ip_format(ip, text);
	found = MMDB_lookup_string(&db, text, &gai, &status);
	if (status == MMDB_IPV6_LOOKUP_IN_IPV4_DATABASE_ERROR)
		return 0;
	if (gai || status != MMDB_SUCCESS)
		return err_set(err, EF_FAILED, "%s: %s", path, MMDB_strerror(status));
	return found.found_entry ? entry_json(path, &found.entry, ret_record, err) : 0;
}

struct walk {
	MMDB_s *db;
	const char *path;
	mmdb_each_fn *each;
	void *arg;
	struct err *err;
	uint32_t nodes_left; /* a tree passes each once; one that goes in circles would never end */
};

/* A network by the bits of the tree; a tree of IPv6 has IPv4 in ::/96. */
static int visit(const struct walk *w, const uint8_t bits[16], unsigned depth, MMDB_entry_s *entry)
{
	static const uint8_t zero[12];
	CLEANUP_JSON json_t *record = NULL;
	struct prefix network = { .len = (uint8_t)depth };

	memcpy(network.ip.b, bits, 16);
	if (w->db->metadata.ip_version == 4) {
		network.ip = ip_from_v4(bits);
		network.len = (uint8_t)(96 + depth);
	} else if (depth >= 96 && memcmp(bits, zero, 12) == 0) {
		network.ip = ip_from_v4(bits + 12);
	}
	if (entry_json(w->path, entry, &record, w->err))
		return -1;
	return record ? w->each(w->arg, &network, record, w->err) : 0;
}

/* IPv6 trees have further ways to the IPv4 part (6to4, mapped, Teredo); they are not walked. */
static bool is_alias(const MMDB_s *db, const uint8_t bits[16], unsigned depth, uint64_t node)
{
	return db->metadata.ip_version == 6 && node == db->ipv4_start_node.node_value && depth &&
	       !(depth == 96 && bits[0] == 0 && memcmp(bits, bits + 1, 11) == 0);
}

static int descend(struct walk *w, uint64_t node, uint8_t bits[16], unsigned depth);

static int descend_side(struct walk *w, uint8_t type, uint64_t record, MMDB_entry_s *entry,
			uint8_t bits[16], unsigned depth)
{
	if (type == MMDB_RECORD_TYPE_SEARCH_NODE)
		return descend(w, record, bits, depth);
	if (type == MMDB_RECORD_TYPE_INVALID)
		return err_set(w->err, EF_FAILED,
			       "%s is corrupt: a record leads nowhere; get the file again",
			       w->path);
	return type == MMDB_RECORD_TYPE_DATA ? visit(w, bits, depth, entry) : 0;
}

static int descend(struct walk *w, uint64_t node, uint8_t bits[16], unsigned depth)
{
	MMDB_search_node_s n;
	int status, rc;

	if (depth >= (w->db->metadata.ip_version == 4 ? 32U : 128U) ||
	    is_alias(w->db, bits, depth, node))
		return 0;
	if (w->nodes_left-- == 0)
		return err_set(w->err, EF_FAILED,
			       "%s is corrupt: its tree goes in circles; get the file again",
			       w->path);
	status = MMDB_read_node(w->db, (uint32_t)node, &n);
	if (status != MMDB_SUCCESS)
		return err_set(w->err, EF_FAILED, "%s: %s", w->path, MMDB_strerror(status));
	rc = descend_side(w, n.left_record_type, n.left_record, &n.left_record_entry, bits,
			  depth + 1);
	if (rc)
		return rc;
	bits[depth / 8] |= (uint8_t)(0x80 >> depth % 8);
	rc = descend_side(w, n.right_record_type, n.right_record, &n.right_record_entry, bits,
			  depth + 1);
	bits[depth / 8] &= (uint8_t) ~(0x80 >> depth % 8);
	return rc;
}

int mmdb_walk(const char *path, mmdb_each_fn *each, void *arg, struct err *err)
{
	CLEANUP_MMDB MMDB_s db = { 0 };
	struct walk w = { .db = &db, .path = path, .each = each, .arg = arg, .err = err };
	uint8_t bits[16] = { 0 };

	if (open_file(path, &db, err))
		return -1;
	w.nodes_left = db.metadata.node_count;
	return descend(&w, 0, bits, 0);
}

json_t *mmdb_at(json_t *record, const char *path)
{
	while (record && *path) {
		size_t n = strcspn(path, ".");
		CLEANUP_FREE char *name = strndup(path, n);

		if (!name)
			return NULL;
		record = json_is_array(record) ? json_array_get(record, strtoul(name, NULL, 10))
					       : json_object_get(record, name);
		path += n + (path[n] == '.');
	}
	return record;
}
