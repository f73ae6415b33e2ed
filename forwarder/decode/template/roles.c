/* SPDX-License-Identifier: Apache-2.0
 * What is learnt from which element of an options record. */
#include "forwarder/decode/template/roles.h"

#include "element_ids.h"

static const struct {
	uint8_t role, arg;
} role_of[] = {
	/* clang-format off */
	[IE_ingressInterface] = { ROLE_INTERFACE, 0 }, [IE_egressInterface] = { ROLE_INTERFACE, 0 },
	[IE_ingressPhysicalInterface] = { ROLE_INTERFACE, 0 },
	[IE_egressPhysicalInterface] = { ROLE_INTERFACE, 0 },
	[IE_interfaceName] = { ROLE_INTERFACE_NAME, 0 },
	[IE_interfaceDescription] = { ROLE_INTERFACE_TEXT, 0 },
	[IE_samplerId] = { ROLE_SAMPLER, 0 }, [IE_selectorId] = { ROLE_SAMPLER, 0 },
	[IE_samplerName] = { ROLE_SAMPLER_NAME, 0 }, [IE_selectorName] = { ROLE_SAMPLER_NAME, 0 },
	[IE_ingressVRFID] = { ROLE_VRF, 0 }, [IE_egressVRFID] = { ROLE_VRF, 0 },
	[IE_VRFname] = { ROLE_VRF_NAME, 0 },
	[IE_applicationId] = { ROLE_APPLICATION, 0 },
	[IE_applicationName] = { ROLE_APPLICATION_PART, 0 },
	[IE_applicationDescription] = { ROLE_APPLICATION_PART, 1 },
	[IE_applicationCategoryName] = { ROLE_APPLICATION_PART, 2 },
	[IE_applicationSubCategoryName] = { ROLE_APPLICATION_PART, 3 },
	[IE_applicationGroupName] = { ROLE_APPLICATION_PART, 4 },
	[IE_p2pTechnology] = { ROLE_APPLICATION_PART, 5 },
	[IE_tunnelTechnology] = { ROLE_APPLICATION_PART, 6 },
	[IE_encryptedTechnology] = { ROLE_APPLICATION_PART, 7 },
	[IE_systemInitTimeMilliseconds] = { ROLE_INIT, 0 },
	[IE_privateEnterpriseNumber] = { ROLE_ELEMENT_PEN, 0 },
	[IE_informationElementId] = { ROLE_ELEMENT_ID, 0 },
	[IE_informationElementDataType] = { ROLE_ELEMENT_TYPE, 0 },
	[IE_informationElementName] = { ROLE_ELEMENT_NAME, 0 },
	/* RFC 7011 section 4, RFC 5476 section 6.5, RFC 5982: reliability, selector and process
	 * statistics */
	[IE_exportedOctetTotalCount] = { ROLE_MEASURED, 0 },
	[IE_exportedMessageTotalCount] = { ROLE_MEASURED, 0 },
	[IE_exportedFlowRecordTotalCount] = { ROLE_MEASURED, 0 },
	[IE_octetTotalCount] = { ROLE_MEASURED, 0 }, [IE_packetTotalCount] = { ROLE_MEASURED, 0 },
	[IE_droppedPacketDeltaCount] = { ROLE_MEASURED, 1 },
	[IE_droppedOctetTotalCount] = { ROLE_MEASURED, 0 },
	[IE_droppedPacketTotalCount] = { ROLE_MEASURED, 0 },
	[IE_observedFlowTotalCount] = { ROLE_MEASURED, 0 },
	[IE_ignoredPacketTotalCount] = { ROLE_MEASURED, 0 },
	[IE_ignoredOctetTotalCount] = { ROLE_MEASURED, 0 },
	[IE_notSentFlowTotalCount] = { ROLE_MEASURED, 0 },
	[IE_notSentPacketTotalCount] = { ROLE_MEASURED, 0 },
	[IE_notSentOctetTotalCount] = { ROLE_MEASURED, 0 },
	[IE_selectorIdTotalPktsObserved] = { ROLE_MEASURED, 0 },
	[IE_selectorIdTotalPktsSelected] = { ROLE_MEASURED, 0 },
	[IE_absoluteError] = { ROLE_MEASURED, 0 },
	/* clang-format on */
};

size_t roles_bind(const struct spec *specs, size_t specs_len, struct bound *ret)
{
	struct place place = { 0 };
	size_t n = 0;
	for (size_t i = 0; i < specs_len; i++) {
		uint16_t id = specs[i].id;
		place.width = specs[i].width;
		if (specs[i].pen == 0 && place.width && id < sizeof(role_of) / sizeof(*role_of) &&
		    role_of[id].role != ROLE_NONE)
			ret[n++] = (struct bound){ place, role_of[id].role, role_of[id].arg };
		bool ends = place.width == WIDTH_VARIABLE;
		place.part += ends;
		place.at = ends ? 0 : (uint16_t)(place.at + place.width);
	}
	return n;
}
