/* SPDX-License-Identifier: Apache-2.0
 * Fuzzing: any octets as a reply to a bulk request, and as its body. Verdicts add up; what becomes
 * of a refused item is JSON. */
#include <stdlib.h>
#include <string.h>

#include "forwarder/ship/bulk.h"
#include "forwarder/ship/reject.h"
#include "tests/fuzz/fuzz.h"

static void must_be_json(const char *text, size_t len)
{
	json_t *j = json_loadb(text, len, JSON_ALLOW_NUL, NULL);
	if (!j)
		abort();
	json_decref(j);
}

static void judge(const uint8_t *data, size_t size)
{
	struct err err = ERR_NONE;
	struct bulk_verdicts v;
	uint32_t items = size ? data[0] : 0, sum = 0;
	bool cut;
	if (!size ||
	    bulk_judge((const char *)data + 1, size - 1, items, data[0] & 1, &v, &cut, &err) < 0)
		return;
	for (int i = 0; i < VERDICTS; i++)
		sum += v.count[i];
	if (sum != items)
		abort();
	for (uint32_t i = 0; i < items; i++) {
		struct bulk_outcome o = bulk_outcome(&v, i);
		if (o.verdict >= VERDICTS || !o.type || !o.reason)
			abort();
	}
	bulk_verdicts_release(&v);
}

static void walk(const char *body, size_t size)
{
	struct err err = ERR_NONE;
	struct bulk_item item, part;
	const char *at = body, *end = body + size;
	const struct bulk_outcome why = { VERDICT_REJECTED, 400, "type", "reason" };
	while (bulk_next(&at, end, &item)) {
		struct buf out;
		buf_init(&out, size * 8 + 4096);
		if (reject_document(&out, "", "ns", &item, &why, 1700000000000, &err) == 0) {
			const char *from = out.data;
			if (!bulk_next(&from, out.data + out.len, &part) ||
			    from != out.data + out.len)
				abort();
			must_be_json(part.row, part.row_len);
			must_be_json(part.line, part.line_len);
		}
		buf_release(&out);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	judge(data, size);
	walk((const char *)data, size);
	return 0;
}
