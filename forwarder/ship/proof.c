/* SPDX-License-Identifier: Apache-2.0
 * Proof of effect: whether our pipeline runs on what is sent to a data stream, found out with what
 * efd's own key may do. */
#include "forwarder/ship/proof.h"

#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "common/log.h"
#include "forwarder/ship/queue.h"
#include "forwarder/ship/request.h"
#include "forwarder/ship/split.h"

#define ASK_AGAIN_MS  30000 /* after a question without an answer */
#define NEXT_MS       1000  /* after a document that tells nothing: it was there, or is dropped */
#define DISCARDED_MAX 10    /* documents in a row that were dropped: what is proven is so no more */
#define WHY_MAX       300

#define REMEDY "`efctl doctor` names what is in the way, and `efctl setup` mends it"
#define BESIDE                                                                                     \
	"the pipeline '%.60s', which is not ours, runs%s on what is stored there, and may change " \
	"it, drop it or send it elsewhere: `efctl doctor` says where it is set"

void proof_forget(struct shipper *s)
{
	for (int i = LANE_FIRST; i < LANES; i++) {
		struct lane *lane = &s->lanes.lane[i];
		lane->effect = EFFECT_UNKNOWN;
		lane->proof_ms = lane->not_before_ms = 0;
		lane->used = false;
		lane->doubt[0] = '\0';
	}
	s->no_list = s->no_require = s->short_replies = s->may_look = s->told_discarded = false;
}

/* The lock is held. */
static uint32_t due_lanes(const struct shipper *s, uint32_t lanes)
{
	uint32_t bits = 0;
	uint64_t now = clock_now_ms();
	for (int i = LANE_FIRST; i < LANE_OTHER && s->ship->setup_check; i++) {
		const struct lane *lane = &s->lanes.lane[i];
		bool due = lane->effect == EFFECT_NONE || now >= lane->proof_ms;
		bits |= (uint32_t)due << i;
	}
	return bits & lanes;
}

uint32_t proof_open(struct shipper *s, uint32_t lanes)
{
	pthread_mutex_lock(&s->lock);
	uint32_t due = due_lanes(s, lanes);
	pthread_mutex_unlock(&s->lock);
	return due;
}

/* Those that nothing may be sent to before; the lock is held. */
static uint32_t unproven(const struct shipper *s, uint32_t lanes)
{
	for (int i = LANE_FIRST; i < LANE_OTHER; i++)
		if (s->lanes.lane[i].effect == EFFECT_PROVEN)
			lanes &= ~(1u << i);
	return lanes;
}

bool proof_claim(struct sender *sender, struct parcel *p, uint32_t *ret_lanes)
{
	struct shipper *s = sender->s;
	uint32_t due = 0;
	bool may = true;
	if (!p->lanes && proof_open(s, UINT32_MAX)) {
		CLEANUP_FREE char *raw = split_open(sender, p);
		p->lanes = raw ? lanes_in(&s->lanes, raw, p->raw_len) : 0;
	}
	pthread_mutex_lock(&s->lock);
	while (may && unproven(s, (due = due_lanes(s, p->lanes)) & s->proving)) {
		queue_wait(s, &s->change, QUEUE_WAKE_MS);
		may = !s->give_up && !(p->spool_no == 0 && shipper_away(s));
	}
	due = may ? due & ~s->proving : 0;
	s->proving |= due;
	pthread_mutex_unlock(&s->lock);
	*ret_lanes = due;
	return may;
}

void proof_release(struct shipper *s, uint32_t lanes)
{
	pthread_mutex_lock(&s->lock);
	s->proving &= ~lanes;
	pthread_cond_broadcast(&s->change);
	pthread_mutex_unlock(&s->lock);
}

bool proof_forbids(struct shipper *s, const struct parcel *p)
{
	pthread_mutex_lock(&s->lock);
	bool forbids = p->lane != LANE_ANY && s->lanes.lane[p->lane].effect == EFFECT_NONE;
	pthread_mutex_unlock(&s->lock);
	return forbids;
}

/* ---- what is known now ---- */

static void in_effect(struct shipper *s, int i, uint64_t good_for_ms)
{
	struct lane *lane = &s->lanes.lane[i];
	pthread_mutex_lock(&s->lock);
	bool known = lane->effect == EFFECT_PROVEN, was_none = lane->effect == EFFECT_NONE;
	lane->effect = EFFECT_PROVEN;
	bool opened = was_none && lane_heard(&s->lanes, i);
	lane->proof_ms = good_for_ms ? clock_now_ms() + good_for_ms : lane->proof_ms;
	lane->doubt[0] = '\0';
	lane->discarded = 0;
	pthread_mutex_unlock(&s->lock);
	COUNT(s, proofs_good, 1);
	if (!known && lane->pipeline[0])
		log_info("%s: the pipeline '%s' runs on what is sent there", lane->name,
			 lane->pipeline);
	if (opened)
		log_info("%s takes data again", lane->name);
}

static void not_in_effect(struct shipper *s, int i, const char *why)
{
	struct lane *lane = &s->lanes.lane[i];
	const struct bulk_outcome outcome = { VERDICT_RETRY, 0, BULK_NO_EFFECT, why };
	pthread_mutex_lock(&s->lock);
	lane->effect = EFFECT_NONE;
	uint64_t pause = lane_close(&s->lanes, i, &outcome, "", clock_now_ms());
	pthread_mutex_unlock(&s->lock);
	COUNT(s, proofs_bad, 1);
	log_error("nothing is sent to %s: %s; what is for it waits, looked at again in %.1f s; "
		  "other data streams go on",
		  lane->name, why, (double)pause / 1000);
}

static void not_told(struct shipper *s, int i, const char *why, uint64_t again_ms)
{
	struct lane *lane = &s->lanes.lane[i];
	pthread_mutex_lock(&s->lock);
	bool known = lane->effect == EFFECT_UNKNOWN && strcmp(lane->doubt, why) == 0;
	if (lane->effect != EFFECT_NONE)
		lane->effect = EFFECT_UNKNOWN;
	lane->proof_ms = clock_now_ms() + again_ms;
	snprintf(lane->doubt, sizeof(lane->doubt), "%s", why);
	pthread_mutex_unlock(&s->lock);
	COUNT(s, proofs_none, 1);
	if (!known)
		log_warn("%s: not verified that the pipeline '%s' runs: %s", lane->name,
			 lane->pipeline, why);
}

/* A pipeline dropped the document that was to prove it, which may be what somebody wants of one in
 * two. What was proven is believed until several in a row are gone. */
static void proof_discarded(struct shipper *s, int i)
{
	struct lane *lane = &s->lanes.lane[i];
	pthread_mutex_lock(&s->lock);
	bool believed = lane->effect == EFFECT_PROVEN && ++lane->discarded < DISCARDED_MAX;
	lane->proof_ms = clock_now_ms() + NEXT_MS;
	if (lane->effect == EFFECT_NONE)
		lane->not_before_ms = lane->proof_ms;
	pthread_mutex_unlock(&s->lock);
	if (!believed)
		not_told(s, i, "a pipeline drops what is sent there: `efctl doctor` names it",
			 NEXT_MS);
}

/* ---- by a reply ---- */

static bool ran(const json_t *pipelines, const char *name)
{
	size_t i;
	const json_t *one;
	json_array_foreach (pipelines, i, one)
		if (json_is_string(one) && strcmp(json_string_value(one), name) == 0)
			return true;
	return false;
}

/* A pipeline that ran beside the one that should: a reply names those that an index asks for, not
 * those that they call. NULL: none did, or ours sent it to a place of the user's. */
static const char *ran_beside(const struct lane *lane, const struct bulk_place *place)
{
	char own[BULK_STREAM_MAX + 8];
	size_t i;
	const json_t *one;
	snprintf(own, sizeof(own), ".ds-%s-", lane->name);
	if (*place->index && strncmp(place->index, own, strlen(own)) != 0)
		return NULL;
	json_array_foreach (place->pipelines, i, one)
		if (json_is_string(one) && strcmp(json_string_value(one), lane->pipeline) != 0)
			return json_string_value(one);
	return NULL;
}

/* Why it has no effect, in `why`; "": it has. False: the reply does not tell. */
static bool judge_place(const struct lane *lane, const struct bulk_place *place, char why[WHY_MAX])
{
	const char *first = json_string_value(json_array_get(place->pipelines, 0));
	const char *other = place->pipelines ? ran_beside(lane, place) : NULL;
	why[0] = '\0';
	if (strcmp(place->index, lane->name) == 0)
		snprintf(why, WHY_MAX,
			 "it is an ordinary index, no data stream, and no template of ours "
			 "reaches it: " REMEDY);
	else if (!place->pipelines)
		return false;
	else if (lane->pipeline[0] && !ran(place->pipelines, lane->pipeline))
		snprintf(why, WHY_MAX,
			 "the pipeline '%.60s' does not run there (%s%.60s), documents would be "
			 "stored as they come: " REMEDY,
			 lane->pipeline, first ? "but " : "none does", first ? first : "");
	else if (other)
		snprintf(why, WHY_MAX, BESIDE, other, "");
	return true;
}

struct read_proof {
	bool stored[LANES], good[LANES];
	bool there[LANES]; /* it was stored before, without effect perhaps */
	bool discarded[LANES];
	char why[LANES][WHY_MAX];
};

static void read_item(const struct shipper *s, struct bulk_verdicts *v, uint32_t i, int lane,
		      struct read_proof *r)
{
	struct bulk_place place;
	char why[WHY_MAX];
	const struct lane *l = &s->lanes.lane[lane];
	if (l->effect == EFFECT_NONE && bulk_outcome(v, i).verdict == VERDICT_DUPLICATE) {
		r->there[lane] = true;
		bulk_refuse(v, i, l->why);
	}
	r->discarded[lane] |= bulk_outcome(v, i).verdict == VERDICT_DISCARDED;
	if (!bulk_place(v, i, &place))
		return;
	r->stored[lane] = true;
	if (!judge_place(l, &place, why))
		return;
	r->good[lane] |= !*why;
	if (!*why)
		return;
	memcpy(r->why[lane], why, sizeof(why));
	bulk_refuse(v, i, why);
}

static void settle_lane(struct shipper *s, int lane, const struct read_proof *r)
{
	if (r->why[lane][0]) {
		not_in_effect(s, lane, r->why[lane]);
	} else if (r->good[lane]) {
		in_effect(s, lane, PROOF_MS);
	} else if (r->stored[lane]) {
		pthread_mutex_lock(&s->lock);
		s->no_list = s->short_replies = true;
		pthread_mutex_unlock(&s->lock);
	} else if (r->discarded[lane]) {
		proof_discarded(s, lane);
	} else if (r->there[lane]) {
		pthread_mutex_lock(&s->lock);
		s->lanes.lane[lane].not_before_ms = clock_now_ms() + NEXT_MS;
		pthread_mutex_unlock(&s->lock);
	}
}

void proof_read(struct sender *sender, const struct parcel *p, struct bulk_verdicts *v)
{
	struct shipper *s = sender->s;
	CLEANUP_FREE char *raw = v->list ? split_open(sender, p) : NULL;
	const char *at = raw, *end = raw + p->raw_len;
	struct bulk_item item;
	struct read_proof r = { 0 };
	for (uint32_t i = 0; raw && i < v->items && bulk_next(&at, end, &item); i++) {
		int lane = lane_of(&s->lanes, &item);
		if (p->proves >> lane & 1)
			read_item(s, v, i, lane, &r);
	}
	/* something between here and the cluster answers with less: then replies do not tell */
	bool told = json_array_size(v->list) > 0;
	for (int i = LANE_FIRST; i < LANE_OTHER; i++) {
		r.stored[i] |= !told && p->proves >> i & 1;
		settle_lane(s, i, &r);
	}
}

/* ---- by a question ---- */

enum told { TOLD_GOOD, TOLD_BAD, TOLD_ABSENT, TOLD_NOTHING };

static json_t *read_json(const struct sender *sender)
{
	const struct buf *body = &sender->reply.body;
	return json_loadb(body->len ? body->data : "", body->len, 0, NULL);
}

static enum told says_nothing(struct shipper *s, long status, char why[WHY_MAX])
{
	pthread_mutex_lock(&s->lock);
	bool short_replies = s->short_replies;
	pthread_mutex_unlock(&s->lock);
	if ((status == 401 || status == 403) && short_replies)
		snprintf(
		    why, WHY_MAX,
		    "this key may not look (%ld), and replies come without what was asked for: "
		    "let what is in between pass them on as they are",
		    status);
	else if (status == 401 || status == 403)
		snprintf(why, WHY_MAX,
			 "this key may not look (%ld), and replies do not tell: `efctl keys "
			 "rotate` makes one that may",
			 status);
	else if (status)
		snprintf(why, WHY_MAX, "the cluster does not say (%ld)", status);
	else
		snprintf(why, WHY_MAX, "nobody answered the question");
	return TOLD_NOTHING;
}

/* The pipeline that the settings of an index name; NULL: none. */
static const char *pipeline_named(const json_t *settings, const char *key)
{
	const char *name =
	    json_string_value(json_object_get(json_object_get(settings, "index"), key));
	return name && strcmp(name, "_none") != 0 ? name : NULL;
}

static enum told ask_index(struct sender *sender, const struct lane *lane, const char *index,
			   char why[WHY_MAX])
{
	char path[600];
	snprintf(path, sizeof(path),
		 "/%.255s/_settings/index.default_pipeline,index.final_pipeline", index);
	long status = request_ask(sender, path);
	CLEANUP_JSON json_t *root = status == 200 ? read_json(sender) : NULL;
	const json_t *settings = json_object_get(json_object_get(root, index), "settings");
	const char *pipeline = pipeline_named(settings, "default_pipeline");
	const char *final = pipeline_named(settings, "final_pipeline");
	if (!root)
		return says_nothing(sender->s, status, why);
	if (final)
		snprintf(why, WHY_MAX, BESIDE, final, " last");
	else if (strcmp(pipeline ? pipeline : "", lane->pipeline) != 0)
		snprintf(why, WHY_MAX,
			 "the pipeline of its index %.100s is '%.60s', not '%.60s': " REMEDY, index,
			 pipeline ? pipeline : "_none",
			 lane->pipeline[0] ? lane->pipeline : "_none");
	return *why ? TOLD_BAD : TOLD_GOOD;
}

/* It is no data stream: is it something else? */
static enum told ask_name(struct sender *sender, const struct lane *lane, char why[WHY_MAX])
{
	char path[BULK_STREAM_MAX + 40];
	snprintf(path, sizeof(path), "/%s/_settings", lane->name);
	long status = request_ask(sender, path);
	if (status == 404)
		return TOLD_ABSENT;
	if (status != 200)
		return says_nothing(sender->s, status, why);
	snprintf(why, WHY_MAX,
		 "it is an index or alias, no data stream, and no template of ours reaches "
		 "it: " REMEDY);
	return TOLD_BAD;
}

static enum told ask_lane(struct sender *sender, const struct lane *lane, char why[WHY_MAX])
{
	char path[BULK_STREAM_MAX + 40];
	snprintf(path, sizeof(path), "/_data_stream/%s", lane->name);
	long status = request_ask(sender, path);
	if (status == 404 || status == 400) /* 400: an alias, to some versions */
		return ask_name(sender, lane, why);
	CLEANUP_JSON json_t *root = status == 200 ? read_json(sender) : NULL;
	const json_t *streams = json_object_get(root, "data_streams");
	if (json_is_array(streams) && !json_array_size(streams))
		return ask_name(sender, lane, why); /* there is something, and it is none */
	const json_t *stream = json_array_get(streams, 0);
	const json_t *indices = json_object_get(stream, "indices");
	const json_t *last = json_array_get(indices, json_array_size(indices) - 1);
	const char *index = json_string_value(json_object_get(last, "index_name"));
	return index ? ask_index(sender, lane, index, why) : says_nothing(sender->s, status, why);
}

/* What is asked for once replies do not tell; before, only whether a stream that had no effect has
 * one now, where that costs no document. */
static uint32_t to_ask(struct shipper *s, uint32_t lanes, bool *ret_no_list)
{
	pthread_mutex_lock(&s->lock);
	uint32_t bits = due_lanes(s, lanes);
	for (int i = LANE_FIRST; i < LANE_OTHER && !s->no_list; i++)
		if (!s->may_look || s->lanes.lane[i].effect != EFFECT_NONE)
			bits &= ~(1u << i);
	*ret_no_list = s->no_list;
	pthread_mutex_unlock(&s->lock);
	return bits;
}

static void may_look(struct shipper *s)
{
	pthread_mutex_lock(&s->lock);
	s->may_look = true;
	pthread_mutex_unlock(&s->lock);
}

/* Neither replies nor the question told. */
static void nobody_told(struct sender *sender, int i, enum told told, const char *why)
{
	struct shipper *s = sender->s;
	if (told == TOLD_NOTHING)
		not_told(s, i, why, sender->reply.status == 403 ? PROOF_MS : ASK_AGAIN_MS);
	else if (s->lanes.lane[i].used) /* absent */
		not_told(s, i, "documents were taken for it, and yet there is no such data stream",
			 ASK_AGAIN_MS);
}

uint32_t proof_ask(struct sender *sender, uint32_t lanes)
{
	struct shipper *s = sender->s;
	uint32_t answered = 0;
	bool no_list = false;
	lanes = to_ask(s, lanes, &no_list);
	for (int i = LANE_FIRST; i < LANE_OTHER; i++) {
		char why[WHY_MAX] = "";
		if (!(lanes >> i & 1) || shipper_gives_up(s))
			continue;
		enum told told = ask_lane(sender, &s->lanes.lane[i], why);
		if (told != TOLD_NOTHING)
			may_look(s);
		if (told == TOLD_GOOD)
			in_effect(s, i, PROOF_MS);
		else if (told == TOLD_BAD)
			not_in_effect(s, i, why);
		else if (no_list)
			nobody_told(sender, i, told, why);
		if (told != TOLD_ABSENT && (told != TOLD_NOTHING || no_list))
			answered |= 1u << i;
	}
	return answered;
}

void proof_idle(struct sender *sender, bool first)
{
	struct shipper *s = sender->s;
	pthread_mutex_lock(&s->lock);
	uint32_t waiting = lanes_waiting(&s->lanes, clock_now_ms());
	uint32_t lanes = first || s->may_look ? due_lanes(s, UINT32_MAX) & ~waiting : 0;
	for (int i = LANE_FIRST; i < LANE_OTHER && !first; i++)
		if (s->lanes.lane[i].effect != EFFECT_NONE)
			lanes &= ~(1u << i);
	pthread_mutex_unlock(&s->lock);
	for (int i = LANE_FIRST; i < LANE_OTHER; i++) {
		char why[WHY_MAX] = "";
		if (!(lanes >> i & 1) || shipper_gives_up(s))
			continue;
		enum told told = ask_lane(sender, &s->lanes.lane[i], why);
		if (told == TOLD_NOTHING)
			return; /* then the first document tells */
		may_look(s);
		if (told == TOLD_GOOD)
			in_effect(s, i, 0);
		else if (told == TOLD_BAD)
			not_in_effect(s, i, why);
	}
}
