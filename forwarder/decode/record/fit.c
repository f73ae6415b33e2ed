/* SPDX-License-Identifier: Apache-2.0
 * Whether a set can be of a template: by its length, and by the times in its records. */
#include "forwarder/decode/record/fit.h"

#define SLACK_MS 2000 /* export times are whole seconds */

static bool is_time(enum converter conv)
{
	return conv == CONV_MILLIS || (conv >= CONV_SECONDS && conv <= CONV_DELTA);
}

static bool times_fit(const struct decoder *dec, const struct data_record *rec,
		      const struct record_times *times, uint64_t from_ms)
{
	struct record_times own;
	times = record_times_own(dec, rec, times, &own);
	for (size_t i = 0; i < rec->tmpl->ops_len; i++) {
		const struct op *op = &rec->tmpl->ops[i];
		if (!is_time((enum converter)op->conv))
			continue;
		uint64_t ms = record_time_of(rec, times, op->place, (enum converter)op->conv);
		if (ms && (ms + SLACK_MS < from_ms || ms > times->exported_ms + SLACK_MS))
			return false;
	}
	return true;
}

bool record_set_fits(struct decoder *dec, const struct template *tmpl, struct cursor set,
		     const struct record_times *times, uint64_t from_ms)
{
	struct data_record rec = { .tmpl = tmpl,
				   .parts = tmpl->varying ? dec->scratch->parts[0] : NULL };
	if (tmpl->min_len == 0 || tmpl->min_len == WIDTH_VARIABLE)
		return false;
	size_t records = 0;
	uint32_t room;
	while (cursor_left(&set) >= tmpl->min_len) {
		if (tmpl->varying && cursor_left(&set) <= 3 && cursor_all_zero(&set))
			break;
		rec.data = set.p;
		rec.len = tmpl->varying ? record_locate(tmpl, set.p, cursor_left(&set),
							dec->scratch->parts[0], &room)
					: tmpl->min_len;
		if (rec.len == 0 || !times_fit(dec, &rec, times, from_ms))
			return false;
		cursor_take(&set, rec.len);
		records++;
	}
	return records > 0 && cursor_left(&set) <= 3;
}
