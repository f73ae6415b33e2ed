/* SPDX-License-Identifier: Apache-2.0
 * What a spool holds: an entry a file, those that wait in a list for each lane, and the sums. */
#include "forwarder/ship/spool_list.h"

#include <stdlib.h>
#include <utlist.h>

int spool_number_compare(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;
	return *x < *y ? -1 : *x > *y;
}

static struct spool_entry **list_of(struct spool_list *l, const struct spool_entry *e)
{
	return e->held ? &l->held : &l->waiting[e->lane];
}

static void entry_unlink(struct spool_list *l, struct spool_entry *e)
{
	struct spool_entry **list = list_of(l, e);
	DL_DELETE(*list, e);
}

void spool_list_add(struct spool_list *l, struct spool_entry *e)
{
	e->held = true;
	DL_APPEND(l->held, e);
	l->bytes += e->disk;
}

void spool_list_find(struct spool_list *l, struct spool_entry *e)
{
	DL_APPEND(l->waiting[e->lane], e);
	l->bytes += e->disk;
	spool_list_count(l, e);
}

static int by_number(const struct spool_entry *a, const struct spool_entry *b)
{
	return spool_number_compare(&a->no, &b->no);
}

void spool_list_sort(struct spool_list *l)
{
	for (int lane = 0; lane < LANES; lane++)
		DL_SORT(l->waiting[lane], by_number);
}

void spool_list_count(struct spool_list *l, struct spool_entry *e)
{
	e->written = true;
	l->files++;
	l->items += e->items;
}

void spool_list_forget(struct spool_list *l, struct spool_entry *e)
{
	entry_unlink(l, e);
	l->bytes -= e->disk;
	if (e->written) {
		l->files--;
		l->items -= e->items;
	}
	free(e);
}

static void free_all(struct spool_entry *e)
{
	for (struct spool_entry *next; e; e = next) {
		next = e->next;
		free(e);
	}
}

void spool_list_clear(struct spool_list *l)
{
	free_all(l->held);
	for (int lane = 0; lane < LANES; lane++)
		free_all(l->waiting[lane]);
	*l = (struct spool_list){ .steps = l->steps };
}

struct spool_entry *spool_list_held(struct spool_list *l, uint64_t no)
{
	struct spool_entry *e = l->held;
	for (; e && e->no != no; e = e->next)
		l->steps++;
	return e;
}

struct spool_entry *spool_list_first(struct spool_list *l, uint32_t without)
{
	struct spool_entry *first = NULL;
	for (int lane = 0; lane < LANES; lane++) {
		struct spool_entry *e = without >> lane & 1 ? NULL : l->waiting[lane];
		l->steps++;
		if (e && (!first || e->no < first->no))
			first = e;
	}
	return first;
}

void spool_list_hold(struct spool_list *l, struct spool_entry *e)
{
	entry_unlink(l, e);
	e->held = true;
	DL_APPEND(l->held, e);
}

/* What comes back was near the head, and what was written is near the end: its place is looked for
 * from both. */
void spool_list_release(struct spool_list *l, struct spool_entry *e)
{
	entry_unlink(l, e);
	e->held = false;
	struct spool_entry **list = &l->waiting[e->lane];
	struct spool_entry *after = *list, *before = after ? after->prev : NULL;
	for (; after && after->no < e->no && before->no > e->no; l->steps++) {
		after = after->next;
		before = before->prev;
	}
	if (after && after->no > e->no)
		DL_PREPEND_ELEM(*list, after, e);
	else if (before)
		DL_APPEND_ELEM(*list, before, e);
	else
		DL_APPEND(*list, e);
}

uint32_t spool_list_lanes(const struct spool_list *l)
{
	uint32_t lanes = 0;
	for (int lane = 0; lane < LANES; lane++)
		lanes |= (uint32_t)(l->waiting[lane] != NULL) << lane;
	for (const struct spool_entry *e = l->held; e; e = e->next)
		lanes |= 1u << e->lane;
	return lanes;
}

uint64_t spool_list_born_ms(const struct spool_list *l)
{
	const struct spool_entry *oldest = l->held;
	for (const struct spool_entry *e = l->held; e; e = e->next)
		oldest = e->no < oldest->no ? e : oldest;
	for (int lane = 0; lane < LANES; lane++) {
		const struct spool_entry *e = l->waiting[lane];
		oldest = !oldest || (e && e->no < oldest->no) ? e : oldest;
	}
	return oldest ? oldest->born_ms : 0;
}

/* Their numbers to `ret` (NULL: none); how many there are. */
static size_t numbers_of(const struct spool_entry *e, uint64_t *ret)
{
	size_t n = 0;
	for (; e; e = e->next, n++)
		if (ret)
			ret[n] = e->no;
	return n;
}

uint64_t *spool_list_numbers(const struct spool_list *l, size_t *ret_n)
{
	size_t n = numbers_of(l->held, NULL);
	for (int lane = 0; lane < LANES; lane++)
		n += numbers_of(l->waiting[lane], NULL);
	uint64_t *numbers = malloc((n + 1) * sizeof(*numbers));
	if (!numbers)
		return NULL;
	n = numbers_of(l->held, numbers);
	for (int lane = 0; lane < LANES; lane++)
		n += numbers_of(l->waiting[lane], numbers + n);
	qsort(numbers, n, sizeof(*numbers), spool_number_compare);
	*ret_n = n;
	return numbers;
}
