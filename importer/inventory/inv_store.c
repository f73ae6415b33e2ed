/* SPDX-License-Identifier: Apache-2.0
 * The tables of a source on disk: what was there against what was found, row by row, and the
 * writing of all of them or none. */
#include "importer/inventory/inv_store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/csv.h"
#include "importer/core/files.h"
#include "importer/core/print.h"
#include "importer/dictionary/dict_layers.h"

#define TEXT_MAX (512U << 20)
#define EXCHANGE 2U /* RENAME_EXCHANGE, which not every C library names */

/* ---- old against new ---------------------------------------------------------- */

static int row_order(const void *a, const void *b)
{
	return strcmp((*(const struct dict_row *const *)a)->key,
		      (*(const struct dict_row *const *)b)->key);
}

static const struct dict_row **sorted_rows(const struct dict_rows *rows)
{
	const struct dict_row **list = calloc(rows->n + 1, sizeof(*list));
	size_t n = 0;

	for (const struct dict_row *row = rows->row; list && row; row = row->hh.next)
		list[n++] = row;
	if (list)
		qsort(list, n, sizeof(*list), row_order);
	return list;
}

static bool is_same_row(const struct dict_kind *kind, const struct dict_row *a,
			const struct dict_row *b)
{
	for (size_t i = 0; i < kind->columns; i++)
		if (strcmp(a->cell[i], b->cell[i]) != 0)
			return false;
	return true;
}

/* The rows of both in the order of their keys: one of the two is NULL where the other stands
 * alone. */
typedef void pair_fn(void *arg, const struct dict_kind *kind, const struct dict_row *was,
		     const struct dict_row *is);

static void each_pair(const struct inv_change *c, const struct dict_rows *found, pair_fn *fn,
		      void *arg)
{
	size_t i = 0, k = 0;

	while (c->was[i] || c->is[k]) {
		int order = !c->was[i] ? 1 : !c->is[k] ? -1 : row_order(&c->was[i], &c->is[k]);
		const struct dict_row *was = order <= 0 ? c->was[i++] : NULL;
		const struct dict_row *is = order >= 0 ? c->is[k++] : NULL;

		fn(arg, found->kind, was, is);
	}
}

static void count_pair(void *arg, const struct dict_kind *kind, const struct dict_row *was,
		       const struct dict_row *is)
{
	struct inv_change *c = arg;

	c->added += !was;
	c->gone += !is;
	if (was && is && is_same_row(kind, was, is))
		c->same++;
	else
		c->changed += was && is;
}

static int find_change(const char *dir, const char *source, const struct dict_rows *found,
		       struct inv_change *c, struct err *err)
{
	CLEANUP_FREE char *path = NULL;

	dict_rows_init(&c->old, found->kind);
	if (asprintf(&path, "%s/" DICT_DISCOVERED_DIR "/%s/%s.csv", dir, source,
		     found->kind->name) < 0)
		return err_set(err, EF_FAILED, "out of memory");
	if (dict_rows_read_file(&c->old, path, err) < 0)
		return err_wrap(err, "what is there is damaged, remove it");
	c->was = sorted_rows(&c->old);
	c->is = sorted_rows(found);
	if (!c->was || !c->is)
		return err_set(err, EF_FAILED, "out of memory");
	each_pair(c, found, count_pair, c);
	return 0;
}

struct moved {
	int name; /* the column */
	size_t n;
	const struct dict_row *first;
};

static void count_moved(void *arg, const struct dict_kind *kind, const struct dict_row *was,
			const struct dict_row *is)
{
	struct moved *m = arg;

	(void)kind;
	if (!was || !is || strcmp(was->cell[m->name], is->cell[m->name]) == 0 ||
	    !*was->cell[m->name])
		return;
	if (m->n++ == 0)
		m->first = is;
}

size_t inv_change_moved(const struct inv_change *change, const struct dict_rows *found,
			const struct dict_row **ret_first)
{
	struct moved m = { .name = dict_kind_column(found->kind, "name") };

	if (strcmp(found->kind->name, "interfaces") == 0)
		each_pair(change, found, count_moved, &m);
	*ret_first = m.first;
	return m.n;
}

int inv_changes_find(const char *dir, const char *source, const struct inv_found *found,
		     struct inv_changes *ret, struct err *err)
{
	*ret = (struct inv_changes){ .found = found };
	for (size_t i = 0; i < found->kinds; i++) {
		struct inv_change *c = &ret->of[i];

		if (find_change(dir, source, &found->rows[i], c, err))
			return -1;
		ret->differs |= c->added || c->gone || c->changed;
	}
	return 0;
}

void inv_changes_release(struct inv_changes *changes)
{
	for (size_t i = 0; i < INV_KINDS_MAX; i++) {
		struct inv_change *c = &changes->of[i];

		if (c->old.kind)
			dict_rows_release(&c->old);
		free(c->was);
		free(c->is);
	}
}

int inv_changes_check(const struct inv_changes *changes, struct err *err)
{
	for (size_t i = 0; i < changes->found->kinds; i++) {
		const struct dict_rows *rows = &changes->found->rows[i];
		size_t was = changes->of[i].old.n;

		if (changes->found->asked[i] && rows->n * 2 < was)
			return err_set(err, EF_FAILED,
				       "%s: %zu rows where there were %zu: if that is right, "
				       "--force takes them",
				       rows->kind->name, rows->n, was);
	}
	return 0;
}

/* ---- shown -------------------------------------------------------------------- */

static void print_row(FILE *out, char sign, const struct dict_kind *kind,
		      const struct dict_row *row)
{
	print_plain(out, "  %c", sign);
	for (size_t i = 0; i < kind->columns; i++)
		if (*row->cell[i])
			print_plain(out, " %s", row->cell[i]);
	print_plain(out, "\n");
}

static void print_pair(void *arg, const struct dict_kind *kind, const struct dict_row *was,
		       const struct dict_row *is)
{
	FILE *out = arg;

	if (!was || !is) {
		print_row(out, was ? '-' : '+', kind, was ? was : is);
		return;
	}
	for (size_t i = 0; i < kind->columns; i++) {
		const char *a = was->cell[i], *b = is->cell[i];

		if (strcmp(a, b) == 0)
			continue;
		print_plain(out, "  ~");
		for (size_t k = 0; k < kind->columns; k++)
			if (kind->column[k].key && *is->cell[k])
				print_plain(out, " %s", is->cell[k]);
		print_plain(out, " %s: %s -> %s\n", kind->column[i].name, *a ? a : "nothing",
			    *b ? b : "nothing");
	}
}

void inv_changes_print(FILE *out, const char *source, const struct inv_changes *changes, bool diff)
{
	for (size_t i = 0; i < changes->found->kinds; i++) {
		const struct inv_change *c = &changes->of[i];
		const struct dict_rows *rows = &changes->found->rows[i];

		if (!rows->n && !c->old.n)
			continue;
		print_plain(out, "%-20s %-13s %7zu rows: %zu new, %zu changed, %zu gone\n", source,
			    rows->kind->name, rows->n, c->added, c->changed, c->gone);
		if (diff)
			each_pair(c, rows, print_pair, out);
	}
}

json_t *inv_changes_json(const struct inv_changes *changes)
{
	json_t *json = json_object();

	for (size_t i = 0; i < changes->found->kinds; i++) {
		const struct inv_change *c = &changes->of[i];
		const struct dict_rows *rows = &changes->found->rows[i];

		if (rows->n || c->old.n)
			json_object_set_new(
			    json, rows->kind->name,
			    json_pack("{s:I,s:I,s:I,s:I}", "rows", (json_int_t)rows->n, "added",
				      (json_int_t)c->added, "changed", (json_int_t)c->changed,
				      "gone", (json_int_t)c->gone));
	}
	return json;
}

/* ---- written ------------------------------------------------------------------ */

static int add_cell(struct buf *out, const char *cell)
{
	return strpbrk(cell, ",\"") ? csv_add_quoted(out, cell) : buf_add_text(out, cell);
}

/* Keys, and what at least one row has. */
static void used_columns(const struct dict_rows *rows, bool used[DICT_COLUMNS_MAX])
{
	for (size_t i = 0; i < rows->kind->columns; i++) {
		used[i] = rows->kind->column[i].key || rows->kind->column[i].required;
		for (const struct dict_row *r = rows->row; r && !used[i]; r = r->hh.next)
			used[i] = *r->cell[i] != '\0';
	}
}

static int table_text(const struct inv_change *c, const struct dict_kind *kind, const char *head,
		      const struct dict_rows *rows, struct buf *out)
{
	bool used[DICT_COLUMNS_MAX] = { false };
	int bad =
	    buf_add_fmt(out, "# %s\n# Not yours to change: a row in your %s.csv goes before.\n",
			head, kind->name);

	used_columns(rows, used);
	for (size_t k = 0, first = 1; k < kind->columns; k++)
		if (used[k]) {
			bad |= buf_add_fmt(out, "%s%s", first ? "" : ",", kind->column[k].name);
			first = 0;
		}
	bad |= buf_add_text(out, "\n");
	for (size_t i = 0; c->is[i] && !bad; i++) {
		for (size_t k = 0, first = 1; k < kind->columns; k++)
			if (used[k]) {
				bad |= (!first && buf_add_text(out, ",")) ||
				       add_cell(out, c->is[i]->cell[k]);
				first = 0;
			}
		bad |= buf_add_text(out, "\n");
	}
	return bad ? -1 : 0;
}

/* Takes a folder of plain files away; what is not there is no error. */
static void folder_remove(const char *path)
{
	DIR *d = opendir(path);

	for (struct dirent *e; d && (e = readdir(d));)
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			unlinkat(dirfd(d), e->d_name, 0);
	if (d)
		closedir(d);
	rmdir(path);
}

static int write_tables(const char *dir, const char *folder, const struct inv_changes *changes,
			const char *head, struct err *err)
{
	for (size_t i = 0; i < changes->found->kinds; i++) {
		const struct dict_rows *rows = &changes->found->rows[i];
		CLEANUP_BUF struct buf text = { .data = NULL };
		char name[PATH_MAX];

		if (!rows->n)
			continue;
		buf_init(&text, TEXT_MAX);
		if (table_text(&changes->of[i], rows->kind, head, rows, &text))
			return err_set(err, EF_FAILED, "more than %u bytes", TEXT_MAX);
		snprintf(name, sizeof(name), "%s/%s.csv", folder, rows->kind->name);
		if (file_write_below(dir, name, text.data, text.len, 0644, err))
			return -1;
	}
	return 0;
}

/* `from` in the place of `to`, and what was there in that of `from`. */
static int put_in_place(const char *from, const char *to, struct err *err)
{
	if (access(to, F_OK) != 0 && errno == ENOENT)
		return rename(from, to) ? err_errno(err, EF_FAILED, errno, "cannot make %s", to)
					: 0;
	if (syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, EXCHANGE))
		return err_errno(err, EF_FAILED, errno, "cannot put %s in its place", to);
	return 0;
}

int inv_store_write(const char *dir, const char *source, const struct inv_changes *changes,
		    const char *head, const struct inv_state *state, struct err *err)
{
	char below[128], name[160], from[PATH_MAX], to[PATH_MAX];
	CLEANUP_FREE char *text = inv_state_text(state);

	if (!changes->differs)
		return inv_state_write(dir, source, state, err);
	snprintf(below, sizeof(below), DICT_DISCOVERED_DIR "/.new-%.60s", source);
	snprintf(name, sizeof(name), "%s/" INV_STATE_FILE, below);
	snprintf(from, sizeof(from), "%s/%s", dir, below);
	snprintf(to, sizeof(to), "%s/" DICT_DISCOVERED_DIR "/%s", dir, source);
	folder_remove(from); /* of a run that did not come to its end */
	int rc = !text || write_tables(dir, below, changes, head, err) ||
			 file_write_below(dir, name, text, strlen(text), 0644, err) ||
			 put_in_place(from, to, err)
		     ? -1
		     : 0;
	folder_remove(from);
	return rc;
}
