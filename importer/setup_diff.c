/* SPDX-License-Identifier: Apache-2.0
 * efctl setup --diff: what is installed against what setup would write, line by line. */
#include "importer/setup_diff.h"

#include <string.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "importer/assets/canon.h"
#include "importer/assets/diff.h"
#include "importer/assets/fold.h"
#include "importer/assets/readable.h"
#include "importer/core/json.h"
#include "importer/core/print.h"
#include "importer/core/table.h"
#include "importer/dictionary/dict_delta.h"
#include "importer/setup.h"

#define TEXT_MAX (16U << 20) /* of one asset */

/* Without marks and what servers add: what somebody wrote. */
static json_t *comparable(const struct plan_item *item, const json_t *body)
{
	if (!item->kind->in_kibana)
		return kind_readable(item->kind, body);
	json_t *copy = json_deep_copy(body);
	fold_normalise(copy);
	fold_drop_marks(copy);
	return copy;
}

/* The parameters of the script that is processor `i`, or NULL. */
static json_t *params_of(const json_t *pipeline, size_t i)
{
	return json_at(json_array_get(json_object_get(pipeline, "processors"), i), "script.params");
}

static size_t processors(const json_t *pipeline)
{
	return json_array_size(json_object_get(pipeline, "processors"));
}

/* The first script of `pipeline` that has a table of that name which was not counted yet. */
static json_t *params_with(const json_t *pipeline, const char *name)
{
	for (size_t i = 0; i < processors(pipeline); i++) {
		const json_t *value = json_object_get(params_of(pipeline, i), name);
		if (json_is_object(value) || json_is_array(value))
			return params_of(pipeline, i);
	}
	return NULL;
}

static json_t *rows_text(const json_t *old, const json_t *new)
{
	const struct dict_delta d = dict_delta(old, new);
	if (!old || json_equal(old, new))
		return json_sprintf("table of %zu rows", d.new_rows);
	return json_sprintf("table of %zu rows: %zu added, %zu removed, %zu changed", d.new_rows,
			    d.added, d.removed, d.changed);
}

/* Puts the number of its rows in the place of each large table: nobody reads 100,000 of them. Of
 * those that `old` has, too, also how many differ. */
static void count_tables(json_t *pipeline, json_t *old)
{
	for (size_t i = 0; i < processors(pipeline); i++) {
		const char *name;
		json_t *value, *params = params_of(pipeline, i);
		json_object_foreach (params, name, value) {
			json_t *others = old ? params_with(old, name) : NULL;
			json_t *other = json_object_get(others, name);
			if (!dict_is_large(value) && !dict_is_large(other))
				continue;
			json_t *text = rows_text(other, value);
			if (other)
				json_object_set_new(others, name, rows_text(NULL, other));
			json_object_set_new(params, name, text);
		}
	}
}

/* Appends the hunks between what is installed and what setup would write; nothing when there is
 * nothing to compare, or nothing to see. */
static int differences(const struct plan_item *item, struct buf *out, enum diff *ret_how)
{
	*ret_how = DIFF_NONE;
	if (!item->found || !item->wanted ||
	    (item->action != ACTION_UPDATE && item->action != ACTION_DRIFTED &&
	     item->action != ACTION_FOREIGN))
		return 0;
	CLEANUP_JSON json_t *old = comparable(item, item->found);
	CLEANUP_JSON json_t *new = comparable(item, item->wanted);
	if (!item->kind->in_kibana && !item->kind->exact)
		canon_types_from(new, old);
	CLEANUP_BUF struct buf old_text, new_text;
	buf_init(&old_text, TEXT_MAX);
	buf_init(&new_text, TEXT_MAX);
	if (item->kind == kind_pipeline) {
		count_tables(new, old);
		count_tables(old, NULL);
	}
	return readable_json(old, &old_text) || readable_json(new, &new_text) ||
		       diff_text(old_text.data, new_text.data, out, ret_how)
		   ? -1
		   : 0;
}

static int print_item(FILE *out, const struct plan_item *item)
{
	CLEANUP_BUF struct buf text;
	enum diff how;
	buf_init(&text, 2 * TEXT_MAX);
	if (differences(item, &text, &how))
		return -1;
	if (how == DIFF_NONE)
		return 0;
	print_plain(out, "\n--- %s %s: installed%s\n", item->group, item->name,
		    item->action == ACTION_DRIFTED   ? ", changed by hand"
		    : item->action == ACTION_FOREIGN ? ", not ours"
						     : "");
	print_plain(out, "+++ %s %s: as setup would write it\n", item->group, item->name);
	if (how == DIFF_WHOLE)
		print_plain(out, "(too different to be compared line by line)\n");
	print_lines(out, text.data);
	return 0;
}

int setup_show_diff(FILE *out, const struct plan *p, struct err *err)
{
	for (size_t i = 0; i < p->n; i++)
		if (print_item(out, &p->item[i]))
			return err_set(err, EF_FAILED, "%s %s is too large to be compared",
				       p->item[i].group, p->item[i].name);
	return 0;
}

int setup_add_diff(const struct plan *p, json_t *assets, struct err *err)
{
	for (size_t i = 0; i < p->n; i++) {
		CLEANUP_BUF struct buf text;
		enum diff how;
		buf_init(&text, 2 * TEXT_MAX);
		if (differences(&p->item[i], &text, &how))
			return err_set(err, EF_FAILED, "%s %s is too large to be compared",
				       p->item[i].group, p->item[i].name);
		if (how != DIFF_NONE)
			json_object_set_new(json_array_get(assets, i), "diff",
					    json_string(text.data));
	}
	return 0;
}
