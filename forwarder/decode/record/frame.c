/* SPDX-License-Identifier: Apache-2.0
 * Elements that hold the start of a packet: their headers become members beside the element's hex
 * text. */
#include "forwarder/decode/record/frame.h"

/* Does the template write this key itself? `key` starts with its comma. */
static bool key_taken(const struct template *t, const char *key, size_t len)
{
	for (size_t i = 0; i < t->ops_len; i++)
		if (t->ops[i].key_len == len && memcmp(t->ops[i].key, key, len) == 0)
			return true;
	return false;
}

/* The end of the member at `p`: where the next one's comma is, or `end`. The text is ours, so it is
 * well-formed. */
static const char *member_end(const char *p, const char *end)
{
	bool text = false;
	int depth = 0;
	for (p++; p < end; p++) {
		if (*p == '"')
			text = !text;
		else if (text && *p == '\\')
			p++;
		else if (!text && (*p == '{' || *p == '['))
			depth++;
		else if (!text && (*p == '}' || *p == ']'))
			depth--;
		else if (!text && depth == 0 && *p == ',')
			return p;
	}
	return end;
}

/* Take out the members that the record has as elements: no key may come twice in an object. */
static char *drop_taken(const struct template *t, char *members, char *end)
{
	char *to = members;
	for (const char *p = members; p < end;) {
		const char *next = member_end(p, end);
		const char *colon = memchr(p, ':', (size_t)(next - p));
		if (!key_taken(t, p, (size_t)(colon - p) + 1)) {
			memmove(to, p, (size_t)(next - p));
			to += next - p;
		}
		p = next;
	}
	return to;
}

static uint32_t link_of(enum converter conv, struct bytes frame)
{
	if (conv == CONV_FRAME_IP)
		return frame.len && frame.p[0] >> 4 == 6 ? DISSECT_IPV6 : DISSECT_IPV4;
	return conv == CONV_FRAME_MPLS ? DISSECT_MPLS : DISSECT_ETHERNET;
}

size_t frame_spare(struct decoder *dec, enum converter conv, struct bytes frame)
{
	bool ignored;
	char *p = dec->scratch->members;
	return DISSECT_MAX -
	       (size_t)(dissect(p, link_of(conv, frame), frame.p, frame.len, &ignored) - p);
}

char *frame_write(struct record_writer *out, const struct template *t, enum converter conv,
		  struct bytes frame, char *p)
{
	p = jsonw_hex(p, frame.p, frame.len);
	if (frame.len == 0)
		return p;
	char *end = dissect(p, link_of(conv, frame), frame.p, frame.len, &out->truncated);
	return drop_taken(t, p, end);
}

void frame_see(struct decoder *dec, enum converter conv, struct bytes frame)
{
	dissect_see(dec->scratch->members, link_of(conv, frame), frame.p, frame.len,
		    dec->settings.seer);
}
