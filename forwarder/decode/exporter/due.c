/* SPDX-License-Identifier: Apache-2.0
 * Which domains there is something to do for, by time. */
#include "forwarder/decode/exporter/due.h"

#include "forwarder/decode/core/when.h"
#include "forwarder/decode/exporter/restart.h"
#include "forwarder/decode/exporter/table.h"

static uint64_t due_ms(const struct domain *dom)
{
	bool waits = dom->grace_ms && dom->grace_ms < dom->line_due_ms;
	return waits ? dom->grace_ms : dom->line_due_ms;
}

static bool is_due(const struct decoder *dec, const struct domain *dom, uint64_t now_ms)
{
	return when_has_come(dom->line_due_ms, dec->settings.exporter_line_ms, now_ms) ||
	       (dom->grace_ms && when_has_come(dom->grace_ms, RESTART_GRACE_MS, now_ms));
}

void due_begin(struct decoder *dec, struct domain *dom)
{
	ring_init(&dom->due);
	due_set(dec, dom);
}

/* What is due already is in the slot that is looked at next. */
void due_set(struct decoder *dec, struct domain *dom)
{
	struct exporter_table *table = dec->exporters;
	uint64_t s = due_ms(dom) / 1000;
	if (s < table->at_s)
		s = table->at_s;
	ring_leave(&dom->due);
	ring_append(&table->slots[s % DUE_SLOTS], &dom->due);
}

/* ---- in the order of the table ---- */

static bool goes_before(const struct exporter_table *table, struct ring *a, struct ring *b)
{
	const struct domain *x = ring_row(a, struct domain, due);
	const struct domain *y = ring_row(b, struct domain, due);
	return hashed_bucket(&table->domains, x->hashed.hash) <=
	       hashed_bucket(&table->domains, y->hashed.hash);
}

/* The first `n` of a list that is linked by `after` alone, sorted; what is behind them is in
 * *ret_rest. */
static struct ring *sort_rows(const struct exporter_table *table, struct ring *list, uint32_t n,
			      struct ring **ret_rest)
{
	struct ring sorted, *end = &sorted, *a, *b, *rest;
	if (n == 1) {
		*ret_rest = list->after;
		list->after = NULL;
		return list;
	}
	a = sort_rows(table, list, n / 2, &rest);
	b = sort_rows(table, rest, n - n / 2, ret_rest);
	while (a && b) {
		struct ring **first = goes_before(table, a, b) ? &a : &b;
		end->after = *first;
		end = *first;
		*first = end->after;
	}
	end->after = a ? a : b;
	return sorted.after;
}

/* Lines about exporters come in the same order, whenever their minutes began. */
static void sort_ring(const struct exporter_table *table, struct ring *head, uint32_t n)
{
	struct ring *rest, *row = head->after;
	if (n < 2)
		return;
	head->before->after = NULL;
	row = sort_rows(table, row, n, &rest);
	ring_init(head);
	for (; row; row = rest) {
		rest = row->after;
		ring_append(head, row);
	}
}

/* ---- what is due ---- */

/* Moves what is due to `ready`; false: it was more than *most. What is not goes to its own slot. */
static bool take_slot(struct decoder *dec, struct ring *slot, uint64_t now_ms, uint32_t *most,
		      struct ring *ready)
{
	struct ring rows;
	ring_init(&rows);
	ring_put_first(&rows, slot);
	while (!ring_empty(&rows) && *most) {
		struct domain *dom = ring_row(rows.after, struct domain, due);
		dec->work.steps++;
		if (!is_due(dec, dom, now_ms)) {
			due_set(dec, dom);
			continue;
		}
		ring_leave(&dom->due);
		ring_append(ready, &dom->due);
		--*most;
	}
	bool all = ring_empty(&rows);
	ring_put_first(slot, &rows);
	return all;
}

static bool take_slots(struct decoder *dec, uint64_t now_ms, uint32_t *most, struct ring *ready)
{
	struct exporter_table *table = dec->exporters;
	uint64_t now_s = now_ms / 1000;
	if (now_s < table->at_s || now_s - table->at_s >= DUE_SLOTS)
		table->at_s = now_s >= DUE_SLOTS ? now_s - DUE_SLOTS + 1 : 0; /* all of them */
	while (take_slot(dec, &table->slots[table->at_s % DUE_SLOTS], now_ms, most, ready)) {
		if (table->at_s == now_s)
			return true;
		table->at_s++;
	}
	return false;
}

bool due_each(struct decoder *dec, uint64_t now_ms, uint32_t most,
	      void (*each)(struct domain *, void *), void *arg)
{
	struct ring ready, done;
	uint32_t left = most;
	ring_init(&ready);
	ring_init(&done);
	bool all = take_slots(dec, now_ms, &left, &ready);
	sort_ring(dec->exporters, &ready, most - left);
	while (!ring_empty(&ready)) {
		struct domain *dom = ring_row(ready.after, struct domain, due);
		ring_leave(&dom->due);
		ring_append(&done, &dom->due); /* `each` may free it, and others */
		each(dom, arg);
		if (!ring_empty(&done))
			due_set(dec, ring_row(done.after, struct domain, due));
	}
	return !all;
}
