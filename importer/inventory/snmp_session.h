/* SPDX-License-Identifier: Apache-2.0
 * Sessions of net-snmp's library: the secrets of a source, one session a device, and the discovery
 * of an SNMPv3 engine without waiting for it. */
#ifndef EF_IMPORTER_SNMP_SESSION_H
#define EF_IMPORTER_SNMP_SESSION_H

#include <net-snmp/net-snmp-config.h>
/* order matters */
#include <net-snmp/net-snmp-includes.h>

#include "common/err.h"
#include "importer/inventory/inv_source.h"

#define SNMP_SECRET_MAX 256

/* What the library needs for each session; the keys are not localised to an engine (RFC 3414,
 * section 2.6). */
struct snmp_secrets {
	const struct inv_source *source;
	char community[SNMP_SECRET_MAX];
	unsigned char auth[USM_AUTH_KU_LEN], priv[USM_PRIV_KU_LEN];
	size_t auth_len, priv_len;
	oid *auth_type, *priv_type; /* the library's */
	size_t auth_type_len, priv_type_len;
};

/* Makes the library ready, once, and reads the secrets of the source. */
int snmp_secrets_read(struct snmp_secrets *secrets, const struct inv_source *s, struct err *err);
void snmp_secrets_wipe(struct snmp_secrets *secrets);

/* A session with the device at `place` ("192.0.2.1:161"); close with snmp_sess_close(). NULL with
 * `err`. */
void *snmp_session_open(const struct snmp_secrets *secrets, const char *place, struct err *err);

/* Of SNMPv3: the question for the engine's id, which is the first to be sent. Its reply is a
 * report, after which snmp_session_know() makes the keys for that engine. */
netsnmp_pdu *snmp_session_probe(void);
int snmp_session_know(void *session);

#endif
