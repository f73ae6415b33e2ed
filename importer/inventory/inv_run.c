/* SPDX-License-Identifier: Apache-2.0
 * One source from asking to its tables: what the program efctl-inventory does. */
#include "importer/inventory/inv_run.h"

#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "common/plain.h"
#include "common/url.h"
#include "importer/core/print.h"
#include "importer/inventory/inv_devices.h"
#include "importer/inventory/inv_fetch.h"
#include "importer/inventory/inv_snmp.h"
#include "importer/inventory/inv_state.h"
#include "importer/inventory/inv_store.h"
#include "importer/inventory/inv_type.h"

static void print_left_out(const char *source, const struct inv_found *found)
{
	if (found->doubles)
		print_plain(stderr, "%s: %zu rows left out, whose key another row has\n", source,
			    found->doubles);
	if (found->silent)
		print_plain(stderr, "%s: %zu rows left out, which name nothing\n", source,
			    found->silent);
	if (found->wrong)
		print_plain(stderr, "%s: %zu rows left out, which cannot be used; the first: %s\n",
			    source, found->wrong, found->first.msg);
}

static void print_json_result(const char *source, const struct inv_found *found,
			      const struct inv_changes *changes)
{
	CLEANUP_JSON json_t *json =
	    json_pack("{s:s,s:o,s:{s:I,s:I,s:I}}", "source", source, "tables",
		      inv_changes_json(changes), "left_out", "doubles", (json_int_t)found->doubles,
		      "silent", (json_int_t)found->silent, "wrong", (json_int_t)found->wrong);

	print_json(stdout, json, JSON_COMPACT);
}

static int write_result(const struct inv_source *s, const struct inv_order *order,
			const struct inv_changes *changes, struct err *err)
{
	char when[CLOCK_TEXT_MAX], shown[URL_SHOWN_MAX], head[URL_SHOWN_MAX + 200];
	int64_t now = (int64_t)clock_wall_ms();
	const struct inv_state state = { .asked_ms = now,
					 .good_ms = now,
					 .interval_ms = s->interval };

	url_shown(s->url ? s->url : s->file ? s->file : "its devices", shown, sizeof(shown));
	snprintf(head, sizeof(head), "%s (%s), written by efctl inventory at %s from %s", s->name,
		 s->type_name, clock_text((uint64_t)now, when), shown);
	return inv_store_write(order->dir, s->name, changes, plain_text(head), &state, err);
}

/* Interfaces whose number now has another name: after a reboot of the device, say, as numbers may
 * have moved. Documents keep the name that they were stored with. */
static void print_moved(const struct inv_source *s, const struct inv_changes *changes)
{
	for (size_t i = 0; i < changes->found->kinds; i++) {
		const struct inv_change *c = &changes->of[i];
		const struct dict_row *first;
		size_t n = inv_change_moved(c, &changes->found->rows[i], &first);

		if (n)
			print_plain(stderr,
				    "%s: %zu interfaces have another name than before, the first "
				    "is number %s of %s: numbers may have moved\n",
				    s->name, n, first->cell[1], first->cell[0]);
	}
}

static int take(const struct inv_source *s, const struct inv_order *order,
		const struct inv_changes *changes, struct err *err)
{
	if (!order->force && inv_changes_check(changes, err))
		return -1;
	if (order->json)
		print_json_result(s->name, changes->found, changes);
	else
		inv_changes_print(stdout, s->name, changes, order->diff);
	print_left_out(s->name, changes->found);
	print_moved(s, changes);
	if (order->dry_run || order->diff)
		return changes->differs ? EF_DIFFERENT : EF_DONE;
	return write_result(s, order, changes, err);
}

/* The tables of before stay, which is no reason to keep quiet. */
static void note_failure(const struct inv_source *s, const struct inv_order *order,
			 const struct err *why)
{
	struct inv_state state;
	struct err unwritten = ERR_NONE;

	inv_state_read(order->dir, s->name, &state);
	state.asked_ms = (int64_t)clock_wall_ms();
	state.interval_ms = s->interval;
	if (!state.failing_ms)
		state.failing_ms = state.asked_ms;
	snprintf(state.why, sizeof(state.why), "%s", why->msg);
	plain_text(state.why);
	if (inv_state_write(order->dir, s->name, &state, &unwritten))
		print_plain(stderr, "%s: %s\n", s->name, unwritten.msg);
}

static int fetch_devices(const struct inv_source *s, const struct inv_order *order,
			 struct inv_found *found, struct err *err)
{
	struct strlist seen = { .n = 0 };
	int rc = s->seen ? inv_seen_read(order->in, order->dir, s->name, &seen, err) : 0;

	if (rc == 0)
		rc = inv_snmp_fetch(s, order->dir, &seen, found, err);
	if (rc == 0 && !order->dry_run && !order->diff)
		rc = inv_seen_write(order->dir, s->name, &seen, err);
	strlist_release(&seen);
	return rc;
}

int inv_run(const struct inv_source *s, const struct inv_order *order, struct err *err)
{
	struct inv_found found;
	struct inv_changes changes = { .differs = false };

	inv_found_init(&found);
	int rc = s->type->form == INV_SNMP ? fetch_devices(s, order, &found, err)
					   : inv_fetch(s, &found, err);
	if (rc == 0)
		rc = inv_changes_find(order->dir, s->name, &found, &changes, err);
	if (rc == 0)
		rc = take(s, order, &changes, err);
	if (rc < 0 && !order->dry_run && !order->diff)
		note_failure(s, order, err);
	inv_changes_release(&changes);
	inv_found_release(&found);
	return rc < 0 ? err_wrap(err, "%s", s->name) : rc;
}
