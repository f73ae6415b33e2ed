/* SPDX-License-Identifier: Apache-2.0
 * Asks devices by SNMP, many at a time in one thread, with net-snmp's library. */
#include "importer/inventory/snmp_ask.h"

#ifndef HAVE_netsnmp

int snmp_ask(const struct inv_source *s, struct snmp_device *devices, size_t n, struct err *err)
{
	(void)s;
	(void)devices;
	(void)n;
	return err_set(err, EF_USAGE, "this efctl-inventory was built without net-snmp's library");
}

#else

#include <errno.h>
#include <net-snmp/library/large_fd_set.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "importer/inventory/snmp_session.h"

#define REPETITIONS 25 /* rows asked for at once */
#define BURST_US    100000
#define LOOK_US     200000 /* no longer without a look at the clock */

struct snmp_asking;

/* A device that is being asked. */
struct snmp_talk {
	struct snmp_asking *asking;
	struct snmp_device *device; /* NULL: nobody has the place */
	void *session;
	struct snmp_question question;
	int repetitions;
	bool told_engine; /* SNMPv3: the library has its id, the keys are not made for it yet */
	bool knows_engine, waits; /* `waits`: for a reply */
	uint64_t end_ms;
};

struct snmp_asking {
	const struct inv_source *source;
	struct snmp_secrets secrets;
	struct snmp_talk *talk;
	size_t talks;
	uint64_t end_ms;
	uint64_t send_us;    /* when the next request may go */
	int64_t bytes, rows; /* that are left */
};

static void talk_fail(struct snmp_talk *t, const char *why)
{
	t->waits = false;
	if (t->device->done)
		return;
	t->device->done = t->device->failed = true;
	err_set(&t->device->err, EF_FAILED, "%s", why);
}

/* ---- replies ------------------------------------------------------------------- */

static void value_of(const netsnmp_variable_list *v, struct snmp_value *ret)
{
	*ret =
	    (struct snmp_value){ .name = v->name, .name_len = v->name_length, .type = SNMP_OTHER };
	switch (v->type) {
	case ASN_OCTET_STR:
	case ASN_IPADDRESS:
		ret->type = v->type == ASN_IPADDRESS ? SNMP_ADDRESS : SNMP_TEXT;
		ret->octets = v->val.string;
		ret->len = v->val_len;
		break;
	case ASN_INTEGER:
	case ASN_GAUGE:
	case ASN_COUNTER:
	case ASN_TIMETICKS:
		if (v->val_len == sizeof(long) && *v->val.integer >= 0) {
			ret->type = SNMP_NUMBER;
			ret->number = (uint64_t)*v->val.integer;
		}
		break;
	case ASN_OBJECT_ID:
		ret->type = SNMP_OBJECT;
		ret->object = v->val.objid;
		ret->object_len = v->val_len / sizeof(oid);
		break;
	case ASN_NULL:
	case SNMP_NOSUCHOBJECT:
	case SNMP_NOSUCHINSTANCE:
	case SNMP_ENDOFMIBVIEW:
		ret->type = SNMP_NOTHING;
		break;
	default:
		break;
	}
}

/* What SNMPv3 has reports for (RFC 3414, section 5, usmStats). */
enum report {
	REPORT_OTHER,
	REPORT_LEVEL,
	REPORT_TIME,
	REPORT_USER,
	REPORT_ENGINE,
	REPORT_DIGEST,
	REPORT_DECRYPTION,
};

static enum report report_of(const netsnmp_pdu *pdu)
{
	static const oid usm[] = { 1, 3, 6, 1, 6, 3, 15, 1, 1 };
	const netsnmp_variable_list *v = pdu->variables;
	size_t n = OID_LENGTH(usm);

	if (!v || v->name_length <= n || memcmp(v->name, usm, sizeof(usm)) != 0 ||
	    v->name[n] > REPORT_DECRYPTION)
		return REPORT_OTHER;
	return (enum report)v->name[n];
}

static void take_report(struct snmp_talk *t, const netsnmp_pdu *pdu)
{
	static const char *const texts[] = {
		[REPORT_OTHER] = "answers with a report that says nothing to us",
		[REPORT_LEVEL] = "does not do this level of security (auth, priv)",
		[REPORT_TIME] = "does not take our time",
		[REPORT_USER] = "does not know this user",
		[REPORT_ENGINE] = "does not know its own engine id",
		[REPORT_DIGEST] =
		    "does not take the key of auth_file, or it is of another kind than auth",
		[REPORT_DECRYPTION] =
		    "does not take the key of priv_file, or it is of another kind than priv",
	};
	enum report report = report_of(pdu);

	if (!t->knows_engine && report == REPORT_ENGINE)
		t->told_engine = true;
	else
		talk_fail(t, texts[report]);
}

/* 1: all of the question is answered, 0: there may be more, -1. */
static int take_values(struct snmp_talk *t, const netsnmp_pdu *pdu, struct err *err)
{
	int over = t->question.walk ? !pdu->variables : 1;

	for (const netsnmp_variable_list *v = pdu->variables; v; v = v->next_variable) {
		struct snmp_value value;

		t->asking->bytes -= (int64_t)(v->val_len + v->name_length + 4);
		value_of(v, &value);
		int rc = snmp_device_take(t->device, &value, err);
		if (rc < 0)
			return -1;
		if (t->question.walk && rc)
			return 1;
	}
	return over;
}

static void take_error(struct snmp_talk *t, const netsnmp_pdu *pdu)
{
	if (pdu->errstat == SNMP_ERR_TOOBIG && t->question.walk && t->repetitions > 1)
		t->repetitions /= 4; /* asked again */
	else if (t->question.needed)
		talk_fail(t, snmp_errstring((int)pdu->errstat));
	else
		snmp_device_step(t->device); /* a table that this device has not */
}

static void take_reply(struct snmp_talk *t, const netsnmp_pdu *pdu)
{
	struct err err = ERR_NONE;
	size_t interfaces = t->device->interfaces;

	if (pdu->command != SNMP_MSG_RESPONSE || !t->knows_engine) {
		talk_fail(t, "answers with something that is no answer");
		return;
	}
	if (pdu->errstat != SNMP_ERR_NOERROR) {
		take_error(t, pdu);
		return;
	}
	int rc = take_values(t, pdu, &err);
	t->asking->rows -= (int64_t)(t->device->interfaces - interfaces);
	if (rc < 0)
		talk_fail(t, err.msg);
	else if (rc)
		snmp_device_step(t->device);
}

/* The library's callback: 1, it is done with the request. A report comes twice, as a message and
 * as an error; after one about the time the library asks once more by itself. */
static int on_event(int what, netsnmp_session *session, int number, netsnmp_pdu *pdu, void *arg)
{
	struct snmp_talk *t = arg;
	bool received = what == NETSNMP_CALLBACK_OP_RECEIVED_MESSAGE && pdu;
	bool report = (received || what == NETSNMP_CALLBACK_OP_SEC_ERROR) && pdu &&
		      pdu->command == SNMP_MSG_REPORT;

	(void)session;
	(void)number;
	if (!t->waits || what == NETSNMP_CALLBACK_OP_RESEND ||
	    what == NETSNMP_CALLBACK_OP_CONNECT ||
	    (received && report && report_of(pdu) == REPORT_TIME))
		return 1;
	t->waits = false;
	if (report)
		take_report(t, pdu);
	else if (received)
		take_reply(t, pdu);
	else if (what == NETSNMP_CALLBACK_OP_TIMED_OUT)
		talk_fail(t, t->device->requests > 1
				 ? "does not answer any more"
				 : "does not answer (no SNMP, no way there, or another community)");
	else
		talk_fail(t, what == NETSNMP_CALLBACK_OP_SEC_ERROR
				 ? "its answer cannot be verified with the key of auth_file"
				 : "nothing can be sent there");
	return 1;
}

/* ---- requests ------------------------------------------------------------------ */

static netsnmp_pdu *question_pdu(const struct snmp_talk *t)
{
	const struct snmp_question *q = &t->question;
	netsnmp_pdu *pdu = snmp_pdu_create(q->walk ? SNMP_MSG_GETBULK : SNMP_MSG_GET);

	if (!pdu)
		return NULL;
	if (q->walk) {
		pdu->non_repeaters = 0;
		pdu->max_repetitions = t->repetitions;
	}
	for (size_t i = 0; i < q->n; i++)
		snmp_add_null_var(pdu, q->oid[i].id, q->oid[i].n);
	return pdu;
}

static void talk_send(struct snmp_talk *t)
{
	const struct inv_source *s = t->asking->source;
	char text[80];

	if (t->device->requests++ >= (size_t)s->pages) {
		snprintf(text, sizeof(text), "more than %lld requests (limits.pages)",
			 (long long)s->pages);
		talk_fail(t, text);
		return;
	}
	netsnmp_pdu *pdu = t->knows_engine ? question_pdu(t) : snmp_session_probe();
	t->waits = true; /* the callback may be called at once */
	if (pdu && snmp_sess_async_send(t->session, pdu, on_event, t))
		return;
	snmp_free_pdu(pdu);
	talk_fail(t, "nothing can be sent there");
}

/* Whether there is something to send; else the device may be done. */
static bool talk_is_ready(struct snmp_talk *t)
{
	if (!t->device || t->waits || t->device->done)
		return false;
	if (!t->knows_engine && t->told_engine) {
		t->knows_engine = snmp_session_know(t->session) == 0;
		if (!t->knows_engine) {
			talk_fail(t, "its engine id cannot be used");
			return false;
		}
	}
	if (t->knows_engine && !snmp_device_next(t->device, &t->question)) {
		t->device->done = true;
		return false;
	}
	return true;
}

/* ---- many at a time ------------------------------------------------------------- */

static void talk_begin(struct snmp_talk *t, struct snmp_device *device)
{
	const struct inv_source *s = t->asking->source;
	struct err err = ERR_NONE;

	*t = (struct snmp_talk){ .asking = t->asking,
				 .device = device,
				 .knows_engine = !s->user,
				 .repetitions = REPETITIONS,
				 .end_ms = clock_now_ms() + (uint64_t)s->duration / 4 };
	t->session = snmp_session_open(&t->asking->secrets, device->place, &err);
	if (!t->session)
		talk_fail(t, err.msg);
}

static void talk_end(struct snmp_talk *t)
{
	if (t->session)
		snmp_sess_close(t->session);
	t->session = NULL;
	t->device = NULL;
}

/* Lets go who is done, and takes devices that wait; how many are being asked. */
static size_t fill_places(struct snmp_asking *a, struct snmp_device *devices, size_t n,
			  size_t *next)
{
	size_t busy = 0;

	for (size_t i = 0; i < a->talks; i++) {
		struct snmp_talk *t = &a->talk[i];

		if (t->device && t->device->done)
			talk_end(t);
		if (!t->device && *next < n)
			talk_begin(t, &devices[(*next)++]);
		busy += t->device != NULL;
	}
	return busy;
}

/* Requests go at the source's rate, after a pause some at once. Returns how long until the next
 * one may go, where one waits. */
static uint64_t send_ready(struct snmp_asking *a)
{
	uint64_t now = clock_now_ms() * 1000;
	uint64_t each = 1000000 / (uint64_t)a->source->rate;

	if (a->send_us + BURST_US < now)
		a->send_us = now - BURST_US;
	for (size_t i = 0; i < a->talks; i++) {
		if (!talk_is_ready(&a->talk[i]))
			continue;
		if (a->send_us > now)
			return a->send_us - now;
		a->send_us += each;
		talk_send(&a->talk[i]);
	}
	return LOOK_US;
}

static int wait_for_replies(struct snmp_asking *a, uint64_t most_us, struct err *err)
{
	struct timeval timeout = { .tv_usec =
				       (suseconds_t)(most_us < LOOK_US ? most_us : LOOK_US) };
	netsnmp_large_fd_set set;
	int most = 0, block = 0; /* 0: `timeout` counts, and becomes less where one ends sooner */

	netsnmp_large_fd_set_init(&set, FD_SETSIZE);
	NETSNMP_LARGE_FD_ZERO(&set);
	for (size_t i = 0; i < a->talks; i++)
		if (a->talk[i].waits)
			snmp_sess_select_info2(a->talk[i].session, &most, &set, &timeout, &block);
	int rc = netsnmp_large_fd_set_select(most, &set, NULL, NULL, &timeout);
	if (rc < 0 && errno != EINTR)
		rc = err_errno(err, EF_FAILED, errno, "cannot wait for replies");
	else
		for (size_t i = 0; i < a->talks; i++) {
			if (rc > 0 && a->talk[i].waits)
				snmp_sess_read2(a->talk[i].session, &set);
			if (a->talk[i].waits)
				snmp_sess_timeout(a->talk[i].session);
		}
	netsnmp_large_fd_set_cleanup(&set);
	return rc < 0 ? -1 : 0;
}

/* Ends devices that take too long, and all when the source as a whole does. */
static int check_limits(struct snmp_asking *a, struct snmp_device *devices, size_t n,
			struct err *err)
{
	const struct inv_source *s = a->source;
	uint64_t now = clock_now_ms();
	char text[80];

	if (a->bytes < 0)
		return err_set(err, EF_FAILED, "more than %lld bytes (limits.bytes)",
			       (long long)s->bytes);
	if (a->rows < 0)
		return err_set(err, EF_FAILED, "more than %lld rows (limits.rows)",
			       (long long)s->rows);
	snprintf(text, sizeof(text), "not at its end after %lld s (a quarter of limits.seconds)",
		 (long long)s->duration / 4000);
	for (size_t i = 0; i < a->talks; i++)
		if (a->talk[i].device && now >= a->talk[i].end_ms)
			talk_fail(&a->talk[i], text);
	if (now < a->end_ms)
		return 0;
	for (size_t i = 0; i < n; i++)
		if (!devices[i].done) {
			devices[i].done = devices[i].failed = true;
			err_set(&devices[i].err, EF_FAILED,
				"not asked to its end after %lld s (limits.seconds)",
				(long long)s->duration / 1000);
		}
	return 1;
}

static int ask_all(struct snmp_asking *a, struct snmp_device *devices, size_t n, struct err *err)
{
	size_t next = 0;
	int rc = 0;

	while (rc == 0 && fill_places(a, devices, n, &next) > 0) {
		if (wait_for_replies(a, send_ready(a), err))
			rc = -1;
		else
			rc = check_limits(a, devices, n, err);
	}
	for (size_t i = 0; i < a->talks; i++)
		talk_end(&a->talk[i]);
	return rc < 0 ? -1 : 0;
}

int snmp_ask(const struct inv_source *s, struct snmp_device *devices, size_t n, struct err *err)
{
	struct snmp_asking a = { .source = s,
				 .talks = (size_t)s->at_once < n ? (size_t)s->at_once : n,
				 .end_ms = clock_now_ms() + (uint64_t)s->duration,
				 .bytes = s->bytes,
				 .rows = s->rows };
	int rc = -1;

	a.talk = calloc(a.talks + 1, sizeof(*a.talk));
	if (!a.talk)
		return err_set(err, EF_FAILED, "out of memory");
	for (size_t i = 0; i < a.talks; i++)
		a.talk[i].asking = &a;
	if (snmp_secrets_read(&a.secrets, s, err) == 0)
		rc = ask_all(&a, devices, n, err);
	snmp_secrets_wipe(&a.secrets);
	free(a.talk);
	return rc;
}

#endif
