/* SPDX-License-Identifier: Apache-2.0
 * Abstract types of information elements: their names and natural widths. */
#include "forwarder/decode/template/field_type.h"

#include <string.h>

static const struct {
	const char *name;
	uint8_t width;
} types[FIELD_TYPE_COUNT] = {
#define FIELD_TYPE_ROW_(type_name, constant, type_width) \
	[constant] = { .name = #type_name, .width = type_width },
	FIELD_TYPES(FIELD_TYPE_ROW_)
#undef FIELD_TYPE_ROW_
};

int field_type_find(const char *name)
{
	for (int i = 0; i < FIELD_TYPE_COUNT; i++)
		if (!strcmp(types[i].name, name))
			return i;
	return -1;
}

uint8_t field_type_width(enum field_type type)
{
	return types[type].width;
}
