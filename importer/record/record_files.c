/* SPDX-License-Identifier: Apache-2.0
 * Copies of the user's dictionaries beside the record, so that a setup from another machine leaves
 * his tables as they are. */
#include "importer/record/record_files.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/cleanup.h"
#include "forwarder/ship/compress.h"
#include "importer/client/es.h"
#include "importer/client/names.h"
#include "importer/core/files.h"
#include "importer/core/json.h"
#include "importer/core/memory.h"
#include "importer/record/document.h"

#define PIECE (RECORD_PART_MAX / 4 * 3) /* bytes that Base64 makes a part of */

bool record_file_name_fits(const char *name)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789-";
	static const char feeds[] = "feeds/", found[] = "discovered/";
	if (strncmp(name, found, strlen(found)) == 0) { /* a folder a source in it */
		name += strlen(found);
		size_t source = strspn(name, letters);
		if (!source || source > 100 || name[source] != '/')
			return false;
		name += source + 1;
	} else if (strncmp(name, feeds, strlen(feeds)) == 0) {
		name += strlen(feeds);
	}
	size_t n = strspn(name, letters);
	return n && n <= 100 && strcmp(name + n, ".csv") == 0;
}

static void hash_of(const char *text, size_t len, char ret_hash[65])
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned int n = 0;
	if (EVP_Digest(text, len, digest, &n, EVP_sha256(), NULL) != 1)
		memory_out();
	for (unsigned int i = 0; i < n; i++)
		snprintf(ret_hash + (size_t)2 * i, 3, "%02x", digest[i]);
}

/* Lines with something in them, less the heading. */
static long long rows_of(const char *text)
{
	long long n = 0;
	while (*text) {
		size_t line = strcspn(text, "\n");
		n += line && *text != '#' && *text != '\r';
		text += line + (text[line] == '\n');
	}
	return n ? n - 1 : 0;
}

int record_file_note(json_t *files, const char *name, const char *path, const char *source,
		     struct err *err)
{
	struct stat st;
	CLEANUP_FREE char *text = NULL;
	char hash[65] = "";
	size_t len;
	if (stat(path, &st) != 0)
		return err_errno(err, EF_USAGE, errno, "cannot read %s", path);
	if (!S_ISREG(st.st_mode))
		return err_set(err, EF_USAGE, "%s is no regular file", path);
	if (st.st_size > RECORD_FILE_MAX) { /* known by its size alone, and not kept */
		json_object_set_new(files, name,
				    json_pack("{s:s,s:I,s:s,s:I}", "hash", "", "bytes",
					      (json_int_t)st.st_size, "source", source, "parts",
					      (json_int_t)0));
		return 0;
	}
	if (file_read(path, RECORD_FILE_MAX, &text, &len, err))
		return -1;
	hash_of(text, len, hash);
	json_t *old = json_object_get(files, name);
	json_t *entry =
	    json_pack("{s:s,s:I,s:I,s:s}", "hash", hash, "rows", (json_int_t)rows_of(text), "bytes",
		      (json_int_t)len, "source", source);
	if (strcmp(json_text_at(old, "hash", ""), hash) == 0)
		json_object_update_missing(entry, old); /* where its copy is */
	json_object_set_new(files, name, entry);
	return 0;
}

/* How many parts a record says there are; more than there can be is nonsense. */
static long long parts_of(const json_t *entry)
{
	long long parts = json_int_at(entry, "parts");
	return parts >= 0 && parts <= RECORD_FILES_MAX / PIECE + 1 ? parts : 0;
}

/* Where the record got lost nobody knows: as many as there are. */
static bool is_counted(const json_t *entry)
{
	return json_object_get(entry, "parts") != NULL;
}

static const char *part_id(char id[160], const json_t *entry, long long part)
{
	snprintf(id, 160, NAMES_FILE "%.64s-%lld", json_text_at(entry, "hash", ""), part);
	return id;
}

static int keep_part(struct es *es, const json_t *entry, long long part, const char *data,
		     size_t len, struct err *err)
{
	char id[160];
	struct document_at none = { 0 };
	CLEANUP_FREE char *text = malloc((len + 2) / 3 * 4 + 1);
	if (!text)
		return err_set(err, EF_FAILED, "out of memory");
	EVP_EncodeBlock((unsigned char *)text, (const unsigned char *)data, (int)len);
	CLEANUP_JSON json_t *body = json_pack("{s:s}", "data", text);
	/* named by its content: one that is there is this one */
	return document_put(es, part_id(id, entry, part), body, &none, err) == DOCUMENT_FAILED ? -1
											       : 0;
}

static int file_pack(const char *text, size_t len, char **ret_packed, size_t *ret_len,
		     struct err *err)
{
	struct gzip *gz = gzip_new();
	char *packed = gz ? gzip_pack(gz, text, len, ret_len) : NULL;
	gzip_free(gz);
	if (!packed)
		return err_set(err, EF_FAILED, "out of memory");
	*ret_packed = packed;
	return 0;
}

/* Keeps one file, unless there is no room for it; `*kept` is what all copies take. */
static int keep_file(struct es *es, json_t *entry, const char *path, size_t *kept, struct err *err)
{
	CLEANUP_FREE char *text = NULL, *packed = NULL;
	char hash[65];
	size_t len = 0, n = 0;
	long long parts = 0;
	if (file_read(path, RECORD_FILE_MAX, &text, &len, err) ||
	    file_pack(text, len, &packed, &n, err))
		return -1;
	hash_of(text, len, hash);
	if (strcmp(hash, json_text_at(entry, "hash", "")) != 0)
		return err_set(err, EF_FAILED, "%s was changed in the meantime: run it again",
			       path);
	if (*kept + n <= RECORD_FILES_MAX) {
		for (size_t at = 0; at < n; at += PIECE, parts++)
			if (keep_part(es, entry, parts, packed + at,
				      n - at < PIECE ? n - at : PIECE, err))
				return -1;
		*kept += n;
	}
	json_object_set_new(entry, "packed", json_integer((json_int_t)(parts ? n : 0)));
	json_object_set_new(entry, "parts", json_integer(parts));
	return 0;
}

int record_files_keep(struct es *es, json_t *files, const char *dir, struct err *err)
{
	const char *name;
	json_t *entry;
	size_t kept = 0;
	json_object_foreach (files, name, entry)
		kept += (size_t)json_int_at(entry, "packed");
	json_object_foreach (files, name, entry) {
		CLEANUP_FREE char *path = NULL;
		if (json_object_get(entry, "parts"))
			continue;
		if (asprintf(&path, "%s/%s", dir, name) < 0)
			return err_set(err, EF_FAILED, "out of memory");
		if (keep_file(es, entry, path, &kept, err))
			return -1;
	}
	return 0;
}

static int not_kept(const char *name, const json_t *entry, struct err *err)
{
	const char *why = !is_counted(entry) ? "its copy there got lost"
			  : parts_of(entry)  ? "its copy there is damaged"
					     : "too large";
	return err_set(err, EF_USAGE,
		       "%s, which this installation was made with and which came from %.300s, is "
		       "not kept in the cluster (%s)",
		       name, json_text_at(entry, "source", "?"), why);
}

/* The parts one after the other in `packed`, which has room for `size` bytes; how many, or -1. */
static long long chunks_gather(struct es *es, const char *name, const json_t *entry, char *packed,
			       size_t size, size_t *ret_len, struct err *err)
{
	size_t len = 0;
	long long part = 0;
	for (; !is_counted(entry) || part < parts_of(entry); part++) {
		char id[160];
		struct document_at at;
		CLEANUP_JSON json_t *body = NULL;
		int there = document_get(es, part_id(id, entry, part), &body, &at, NULL, err);
		if (there < 0)
			return -1;
		if (!there && !is_counted(entry))
			break;
		const char *data = json_text_at(body, "data", "");
		size_t n = strlen(data);
		if (!n || n % 4 || n > RECORD_PART_MAX || len + n / 4 * 3 > size)
			return not_kept(name, entry, err);
		int got = EVP_DecodeBlock((unsigned char *)packed + len,
					  (const unsigned char *)data, (int)n);
		if (got < 0)
			return not_kept(name, entry, err);
		/* DecodeBlock counts what '=' stands for, too */
		len += (size_t)got - (data[n - 1] == '=') - (data[n - 2] == '=');
	}
	*ret_len = len;
	return part;
}

/* The text of a copy; notes in `entry` what it takes. The caller's, or NULL. */
static char *copy_text(struct es *es, const char *name, json_t *entry, size_t bytes,
		       struct err *err)
{
	size_t len = 0, size = is_counted(entry) ? (size_t)parts_of(entry) * PIECE
						 : RECORD_FILES_MAX + PIECE;
	CLEANUP_FREE char *packed = malloc(size);
	struct gzip *gz = gzip_new();
	char *text = NULL;
	int torn = 0;
	long long parts = packed && gz ? chunks_gather(es, name, entry, packed, size, &len, err)
				       : err_set(err, EF_FAILED, "out of memory");
	if (parts == 0)
		not_kept(name, entry, err);
	if (parts > 0 && !(text = gzip_unpack(gz, packed, len, bytes, &torn)))
		torn ? not_kept(name, entry, err) : err_set(err, EF_FAILED, "out of memory");
	gzip_free(gz);
	if (text) {
		json_object_set_new(entry, "packed", json_integer((json_int_t)len));
		json_object_set_new(entry, "parts", json_integer(parts));
	}
	return text;
}

static int bring_file(struct es *es, const char *name, json_t *entry, const char *dir,
		      struct err *err)
{
	long long bytes = json_int_at(entry, "bytes");
	char hash[65];
	if (!record_file_name_fits(name))
		return err_set(err, EF_FAILED,
			       "the record names a dictionary '%.100s', which is none", name);
	if ((is_counted(entry) && !parts_of(entry)) || bytes < 0 || bytes > RECORD_FILE_MAX)
		return not_kept(name, entry, err);
	CLEANUP_FREE char *text = copy_text(es, name, entry, (size_t)bytes, err);
	if (!text)
		return -1;
	hash_of(text, (size_t)bytes, hash);
	if (strcmp(hash, json_text_at(entry, "hash", "")) != 0)
		return not_kept(name, entry, err);
	return file_write_below(dir, name, text, (size_t)bytes, 0600, err);
}

int record_files_bring(struct es *es, json_t *files, const char *dir, struct err *err)
{
	const char *name;
	json_t *entry;
	json_object_foreach (files, name, entry)
		if (bring_file(es, name, entry, dir, err))
			return -1;
	return 0;
}

/* Whether a document is a part of a copy that none of `files` names any more. */
static bool is_stale(const json_t *files, const char *id)
{
	const char *name;
	json_t *entry;
	if (strncmp(id, NAMES_FILE, strlen(NAMES_FILE)) != 0)
		return false;
	json_object_foreach ((json_t *)files, name, entry) {
		char its[160];
		for (long long part = 0; part < parts_of(entry); part++)
			if (strcmp(part_id(its, entry, part), id) == 0)
				return false;
	}
	return true;
}

int record_files_prune(struct es *es, const json_t *files, struct err *err)
{
	CLEANUP_JSON json_t *ids = NULL;
	size_t i;
	json_t *id;
	if (document_ids(es, &ids, err))
		return -1;
	json_array_foreach (ids, i, id)
		if (is_stale(files, json_string_value(id)) &&
		    document_delete(es, json_string_value(id), NULL, err) != DOCUMENT_WRITTEN)
			return -1;
	return 0;
}
