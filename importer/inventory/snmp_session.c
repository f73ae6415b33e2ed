/* SPDX-License-Identifier: Apache-2.0
 * Sessions of net-snmp's library: the secrets of a source, one session a device, and the discovery
 * of an SNMPv3 engine without waiting for it. */
#ifdef HAVE_netsnmp
#include "importer/inventory/snmp_session.h"

#include <net-snmp/library/large_fd_set.h>
#include <stdlib.h>
#include <string.h>

#include "common/regular.h"

#define NOWHERE "/dev/null/snmp" /* nothing can be there, nor be made there */

/* Nothing of the machine's own settings for SNMP has a say here, and nothing is left behind. */
static void begin_library(void)
{
	static const int off[] = { NETSNMP_DS_LIB_DONT_READ_CONFIGS,
				   NETSNMP_DS_LIB_DONT_PERSIST_STATE,
				   NETSNMP_DS_LIB_DISABLE_PERSISTENT_LOAD,
				   NETSNMP_DS_LIB_DISABLE_PERSISTENT_SAVE };
	static bool begun;

	if (begun)
		return;
	begun = true;
	setenv("MIBS", "", 1);
	setenv("MIBDIRS", "", 1);
	setenv("MIBFILES", "", 1);
	setenv("SNMPCONFPATH", NOWHERE, 1);
	setenv("SNMP_PERSISTENT_DIR", NOWHERE, 1);
	for (size_t i = 0; i < sizeof(off) / sizeof(off[0]); i++)
		netsnmp_ds_set_boolean(NETSNMP_DS_LIBRARY_ID, off[i], 1);
	netsnmp_register_loghandler(NETSNMP_LOGHANDLER_NONE, LOG_EMERG);
	init_snmp("efctl-inventory");
	snmp_disable_log();
}

/* A passphrase of 8 characters at least (RFC 3414, section 11.2) made a key. */
static int read_key(const char *path, const char *what, const oid *type, size_t type_len,
		    unsigned char *key, size_t *len, struct err *err)
{
	char text[SNMP_SECRET_MAX];
	int rc = 0;

	if (regular_secret(path, text, sizeof(text), err))
		return err_wrap(err, "%s", what);
	if (generate_Ku(type, (u_int)type_len, (const u_char *)text, strlen(text), key, len) !=
	    SNMPERR_SUCCESS)
		rc = err_set(err, EF_USAGE, "%s: a passphrase has 8 characters at least", what);
	explicit_bzero(text, sizeof(text));
	return rc;
}

static int read_keys(struct snmp_secrets *x, const struct inv_source *s, struct err *err)
{
	bool plain = s->priv == INV_PRIV_NONE;
	int auth = usm_lookup_auth_type(inv_auth_words[s->auth]);
	int priv = plain ? -1 : usm_lookup_priv_type(inv_priv_words[s->priv]);

	x->auth_type = auth < 0 ? NULL : sc_get_auth_oid(auth, &x->auth_type_len);
	x->priv_type = priv < 0 ? NULL : sc_get_priv_oid(priv, &x->priv_type_len);
	if (!x->auth_type || (!plain && !x->priv_type))
		return err_set(err, EF_USAGE, "%s: this net-snmp was built without",
			       x->auth_type ? inv_priv_words[s->priv] : inv_auth_words[s->auth]);
	x->auth_len = sizeof(x->auth);
	x->priv_len = sizeof(x->priv);
	if (read_key(s->auth_file, "auth_file", x->auth_type, x->auth_type_len, x->auth,
		     &x->auth_len, err))
		return -1;
	return plain ? 0
		     : read_key(s->priv_file, "priv_file", x->auth_type, x->auth_type_len, x->priv,
				&x->priv_len, err);
}

int snmp_secrets_read(struct snmp_secrets *secrets, const struct inv_source *s, struct err *err)
{
	*secrets = (struct snmp_secrets){ .source = s };
	begin_library();
	if (s->user)
		return read_keys(secrets, s, err);
	return regular_secret(s->community_file, secrets->community, sizeof(secrets->community),
			      err)
		   ? err_wrap(err, "community_file")
		   : 0;
}

void snmp_secrets_wipe(struct snmp_secrets *secrets)
{
	explicit_bzero(secrets, sizeof(*secrets));
}

static void set_user(netsnmp_session *session, const struct snmp_secrets *x)
{
	const struct inv_source *s = x->source;

	session->version = SNMP_VERSION_3;
	session->securityModel = SNMP_SEC_MODEL_USM;
	session->securityLevel =
	    s->priv == INV_PRIV_NONE ? SNMP_SEC_LEVEL_AUTHNOPRIV : SNMP_SEC_LEVEL_AUTHPRIV;
	session->securityName = s->user;
	session->securityNameLen = strlen(s->user);
	session->securityAuthProto = x->auth_type;
	session->securityAuthProtoLen = x->auth_type_len;
	memcpy(session->securityAuthKey, x->auth, x->auth_len);
	session->securityAuthKeyLen = x->auth_len;
	if (s->priv == INV_PRIV_NONE)
		return;
	session->securityPrivProto = x->priv_type;
	session->securityPrivProtoLen = x->priv_type_len;
	memcpy(session->securityPrivKey, x->priv, x->priv_len);
	session->securityPrivKeyLen = x->priv_len;
}

void *snmp_session_open(const struct snmp_secrets *secrets, const char *place, struct err *err)
{
	const struct inv_source *s = secrets->source;
	char peer[100];
	netsnmp_session session;

	snmp_sess_init(&session);
	snprintf(peer, sizeof(peer), "%s:%s", *place == '[' ? "udp6" : "udp", place);
	session.peername = peer;
	session.timeout = (long)(s->timeout * 1000);
	session.retries = (int)s->retries;
	session.flags |= SNMP_FLAGS_DONT_PROBE; /* or opening it would wait for the device */
	if (s->user) {
		set_user(&session, secrets);
	} else {
		session.version = SNMP_VERSION_2c;
		session.community = (u_char *)(uintptr_t)secrets->community;
		session.community_len = strlen(secrets->community);
	}
	void *opened = snmp_sess_open(&session);
	explicit_bzero(session.securityAuthKey, sizeof(session.securityAuthKey));
	explicit_bzero(session.securityPrivKey, sizeof(session.securityPrivKey));
	if (!opened) {
		err_set(err, EF_FAILED, "no session: %s", snmp_api_errstring(session.s_snmp_errno));
		return NULL;
	}
	snmp_sess_session(opened)->flags |= SNMP_FLAGS_DONT_PROBE;
	return opened;
}

/* Who asks for an engine has no name yet (RFC 3414, section 4). */
static int make_nobody(void)
{
	static const oid auth[] = { 1, 3, 6, 1, 6, 3, 10, 1, 1, 1 };
	static const oid priv[] = { 1, 3, 6, 1, 6, 3, 10, 1, 2, 1 };
	static char none[] = "";

	if (usm_get_user(NULL, 0, none))
		return 0;
	struct usmUser *user = calloc(1, sizeof(*user));
	if (!user)
		return -1;
	user->name = strdup("");
	user->secName = strdup("");
	user->authProtocol = snmp_duplicate_objid(auth, OID_LENGTH(auth));
	user->authProtocolLen = OID_LENGTH(auth);
	user->privProtocol = snmp_duplicate_objid(priv, OID_LENGTH(priv));
	user->privProtocolLen = OID_LENGTH(priv);
	return usm_add_user(user) ? 0 : -1;
}

netsnmp_pdu *snmp_session_probe(void)
{
	netsnmp_pdu *pdu = make_nobody() ? NULL : snmp_pdu_create(SNMP_MSG_GET);

	if (!pdu)
		return NULL;
	pdu->version = SNMP_VERSION_3;
	pdu->securityName = strdup("");
	pdu->securityNameLen = 0;
	pdu->securityLevel = SNMP_SEC_LEVEL_NOAUTH;
	pdu->securityModel = SNMP_SEC_MODEL_USM;
	return pdu;
}

int snmp_session_know(void *session)
{
	netsnmp_session *s = snmp_sess_session(session);

	return s->securityEngineIDLen && usm_create_user_from_session(s) == SNMPERR_SUCCESS ? 0
											    : -1;
}
#endif
