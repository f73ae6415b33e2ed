/* SPDX-License-Identifier: Apache-2.0
 * Ids of saved objects in a Kibana space of its own: the id in our files, and what it is called
 * there. */
#include "importer/install/kibana_space.h"

#include <stdio.h>
#include <string.h>

#include "common/buf.h"
#include "common/cleanup.h"

#define LINK     "#/view/"
#define ID_CHARS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-."
#define TEXT_MAX (64U << 20)
#define ID_MAX   300

/* Length of `id` without the space's ending; `len` when it has none. */
static size_t bare_length(const char *id, size_t len, const char *space)
{
	size_t end = strlen(space) + 1;
	return len > end && id[len - end] == '-' && strncmp(id + len - end + 1, space, end - 1) == 0
		   ? len - end
		   : len;
}

static void change_id(json_t *holder, const char *space, bool enter)
{
	char id[ID_MAX];
	const char *old = json_string_value(json_object_get(holder, "id"));
	if (!old)
		return;
	size_t len = strlen(old);
	if (enter)
		snprintf(id, sizeof(id), "%s-%s", old, space);
	else
		snprintf(id, sizeof(id), "%.*s", (int)bare_length(old, len, space), old);
	json_object_set_new(holder, "id", json_string(id));
}

/* The same text with every link changed, or NULL when there is none (or no memory). */
static json_t *change_links(const char *text, const char *space, bool enter)
{
	if (!strstr(text, LINK))
		return NULL;
	CLEANUP_BUF struct buf out;
	const char *link;
	int full = 0;
	buf_init(&out, TEXT_MAX);
	while ((link = strstr(text, LINK))) {
		const char *id = link + strlen(LINK);
		size_t len = strspn(id, ID_CHARS);
		full |= buf_add(&out, text, (size_t)(id - text));
		full |= buf_add(&out, id, enter ? len : bare_length(id, len, space));
		if (enter && len)
			full |= buf_add(&out, "-", 1) || buf_add_text(&out, space);
		text = id + len;
	}
	full |= buf_add_text(&out, text);
	return full ? NULL : json_stringn(out.data, out.len);
}

static void change_texts(json_t *tree, const char *space, bool enter)
{
	const char *key;
	json_t *member, *fresh;
	void *next;
	size_t i;
	json_object_foreach_safe (tree, next, key, member) {
		if (json_is_string(member) &&
		    (fresh = change_links(json_string_value(member), space, enter)))
			json_object_set_new(tree, key, fresh);
		else
			change_texts(member, space, enter);
	}
	json_array_foreach (tree, i, member) {
		if (json_is_string(member) &&
		    (fresh = change_links(json_string_value(member), space, enter)))
			json_array_set_new(tree, i, fresh);
		else
			change_texts(member, space, enter);
	}
}

static void ids_change(json_t *object, const char *space, bool enter)
{
	size_t i;
	json_t *reference;
	change_id(object, space, enter);
	json_array_foreach (json_object_get(object, "references"), i, reference)
		change_id(reference, space, enter);
	change_texts(json_object_get(object, "attributes"), space, enter);
}

void space_enter(json_t *object, const char *space)
{
	if (space)
		ids_change(object, space, true);
}

bool space_leave(json_t *object, const char *space)
{
	const char *id = json_string_value(json_object_get(object, "id"));
	if (!space || !id || bare_length(id, strlen(id), space) == strlen(id))
		return false;
	ids_change(object, space, false);
	return true;
}
