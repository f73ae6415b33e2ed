/* SPDX-License-Identifier: Apache-2.0
 * How the bytes of an element become a JSON value, and how long that gets. */
#include "forwarder/decode/template/converter.h"

#include "element_ids.h"
#include "common/jsonw.h"
#include "forwarder/decode/template/field.h"

static enum converter unsigned_converter(size_t width)
{
	static const uint8_t by_width[9] = { CONV_ABSENT, CONV_U8,   CONV_U16,  CONV_UINT, CONV_U32,
					     CONV_UINT,   CONV_UINT, CONV_UINT, CONV_U64 };
	return width <= 8 ? (enum converter)by_width[width] : CONV_HEX;
}

static enum converter converter_if(bool width_fits, enum converter conv)
{
	return width_fits ? conv : CONV_HEX;
}

/* A width that the type cannot have makes hex text: the value is kept and the record goes on. Text
 * may be empty, a number of no bytes is absent. */
enum converter converter_for(unsigned type, size_t width)
{
	if (width == 0 && type != FIELD_STRING && type != FIELD_OCTET_ARRAY)
		return CONV_ABSENT;
	switch (type) {
	case FIELD_UNSIGNED8:
	case FIELD_UNSIGNED16:
	case FIELD_UNSIGNED32:
	case FIELD_UNSIGNED64:
		return unsigned_converter(width);
	case FIELD_MILLISECONDS:
		return width == 8 ? CONV_MILLIS : unsigned_converter(width);
	case FIELD_SIGNED8:
	case FIELD_SIGNED16:
	case FIELD_SIGNED32:
	case FIELD_SIGNED64:
		return converter_if(width <= 8, CONV_INT);
	case FIELD_FLOAT32:
	case FIELD_FLOAT64: /* RFC 7011 section 6.2: a float64 may be sent as a float32 */
		return width == 4 ? CONV_FLOAT : converter_if(width == 8, CONV_DOUBLE);
	case FIELD_BOOLEAN:
		return converter_if(width == 1, CONV_BOOL);
	case FIELD_MAC_ADDRESS:
		return converter_if(width == 6, CONV_MAC);
	case FIELD_IPV4_ADDRESS:
	/* one family in the place of the other is sent by real exporters */
	case FIELD_IPV6_ADDRESS:
		return width == 4 ? CONV_IPV4 : converter_if(width == 16, CONV_IPV6);
	case FIELD_STRING:
		return CONV_STRING;
	case FIELD_SECONDS:
		return converter_if(width <= 8, CONV_SECONDS);
	case FIELD_MICROSECONDS:
		return converter_if(width == 8, CONV_NTP_MICRO);
	case FIELD_NANOSECONDS:
		return converter_if(width == 8, CONV_NTP_NANO);
	case FIELD_APPLICATION_ID:
		return CONV_APPLICATION;
	case FIELD_BASIC_LIST:
		return CONV_BASIC_LIST;
	case FIELD_SUB_TEMPLATE_LIST:
		return CONV_TEMPLATE_LIST;
	case FIELD_SUB_TEMPLATE_MULTI:
		return CONV_MULTI_LIST;
	default:
		return CONV_HEX;
	}
}

uint32_t converter_room(enum converter conv, uint32_t width)
{
	switch (conv) {
	case CONV_U8:
	case CONV_U16:
	case CONV_U32:
	case CONV_U64:
	case CONV_UINT:
	case CONV_INT:
		return 3 * width + 2; /* digits a byte, sign or quotes */
	case CONV_IPV4:
		return JSONW_IPV4_MAX;
	case CONV_IPV6:
		return JSONW_IPV6_MAX;
	case CONV_MAC:
		return JSONW_MAC_MAX;
	case CONV_STRING:
		return JSONW_STRING_MAX(width);
	case CONV_HEX:
		return JSONW_HEX_MAX(width);
	case CONV_APPLICATION:
		return JSONW_HEX_MAX(width) + 40;
	case CONV_FRAME_ETHERNET:
	case CONV_FRAME_IP:
	case CONV_FRAME_MPLS: /* of variable length: the hex text is counted per record */
		return DISSECT_MAX + (width == WIDTH_VARIABLE ? 8 : JSONW_HEX_MAX(width));
	case CONV_NONE:
	case CONV_ABSENT:
	case CONV_BASIC_LIST:
	case CONV_TEMPLATE_LIST:
	case CONV_MULTI_LIST:
		return 0;
	default:
		/* times, floating point, and what is of variable length, without its text */
		return 48;
	}
}

enum converter converter_for_frame(uint32_t pen, uint16_t id)
{
	static const struct {
		uint16_t id;
		uint8_t conv;
	} rows[] = {
		{ IE_layer2packetSectionData, CONV_FRAME_ETHERNET },
		{ IE_ipHeaderPacketSection, CONV_FRAME_IP },
		{ IE_dataLinkFrameSection, CONV_FRAME_ETHERNET },
		{ IE_mplsLabelStackSection, CONV_FRAME_MPLS },
	};
	for (size_t i = 0; pen == 0 && i < sizeof(rows) / sizeof(*rows); i++)
		if (rows[i].id == id)
			return (enum converter)rows[i].conv;
	return 0;
}
