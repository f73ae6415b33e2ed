/* SPDX-License-Identifier: Apache-2.0
 * The names of an entry as JSON. */
#include "forwarder/decode/exporter/learnt_text.h"

static const char *const part_keys[LEARNT_KINDS][LEARNT_PARTS] = {
	[LEARNT_INTERFACE] = { "name", "description" },
	[LEARNT_APPLICATION] = { "name", "description", "category", "subcategory", "group", "p2p",
				 "tunnel", "encrypted" },
	[LEARNT_VRF] = { "name" },
	[LEARNT_SAMPLER] = { "name" },
};

bool learnt_has_part(enum learnt_kind kind, unsigned part)
{
	return part < LEARNT_PARTS && part_keys[kind][part];
}

struct bytes learnt_trim(struct bytes name)
{
	size_t n = name.len < LEARNT_SOURCE_MAX ? name.len : LEARNT_SOURCE_MAX;
	while (n && n < name.len && (name.p[n] & 0xc0) == 0x80)
		n--;
	while (n && name.p[n - 1] == 0)
		n--;
	return (struct bytes){ name.p, n };
}

/* Control characters are no part of a name, and six times as long in JSON: a blank stands for one,
 * as do those beyond ASCII (C1), which are two bytes. */
static struct bytes printable(struct bytes source, uint8_t room[LEARNT_SOURCE_MAX])
{
	for (size_t i = 0; i < source.len; i++) {
		uint8_t c = source.p[i];
		bool c1 = i && source.p[i - 1] == 0xc2 && c >= 0x80 && c < 0xa0;
		room[i] = c < ' ' || c == 0x7f || c1 ? ' ' : c;
		if (c1)
			room[i - 1] = ' ';
	}
	return (struct bytes){ room, source.len };
}

size_t learnt_text(char *out, enum learnt_kind kind, const struct bytes source[LEARNT_PARTS])
{
	char *p = out;
	for (unsigned i = 0; i < LEARNT_PARTS; i++) {
		if (!source[i].len)
			continue;
		p = jsonw_lit(p, ",\"");
		p = jsonw_raw(p, part_keys[kind][i], strlen(part_keys[kind][i]));
		p = jsonw_lit(p, "\":");
		uint8_t room[LEARNT_SOURCE_MAX];
		struct bytes name = printable(source[i], room);
		p = jsonw_string(p, name.p, name.len);
	}
	if (p == out)
		return 0;
	out[0] = '{';
	*p++ = '}';
	return (size_t)(p - out);
}
