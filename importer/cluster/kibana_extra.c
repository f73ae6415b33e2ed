/* SPDX-License-Identifier: Apache-2.0
 * What of Kibana is not imported: alerting rules and an advanced setting, each with an API of its own. */
#include "importer/cluster/kibana_extra.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "importer/app.h"
#include "importer/assets/asset.h"
#include "importer/assets/canon.h"
#include "importer/cluster/es.h"

#define RULE         "alerting rule"
#define RULES_FOLDER "kibana/alerting/"
#define SETTING      "advanced setting"
#define PINNED       "filters:pinnedByDefault"
#define NAME_MAX_LEN 200
#define PATH_MAX_LEN 400

/* Kibana 8 has the first; later ones may answer to the second only. */
static const char *const setting_paths[] = { "/api/kibana/settings", "/internal/kibana/settings" };

static void key_of(const char *group, const char *name, char *key, size_t size)
{
	snprintf(key, size, "%s:%s", group, name);
}

/*
 * Kibana wants a UUID, and one that no other space has: version 5 (RFC 4122 section 4.3) of the space and the name,
 * below the UUID of DNS names.
 */
static void rule_id(const struct kibana *k, const char *name, char id[37])
{
	static const unsigned char dns[16] = { 0x6b, 0xa7, 0xb8, 0x10, 0x9d, 0xad, 0x11, 0xd1,
					       0x80, 0xb4, 0x00, 0xc0, 0x4f, 0xd4, 0x30, 0xc8 };
	unsigned char text[16 + NAME_MAX_LEN * 2], d[EVP_MAX_MD_SIZE] = { 0 };
	memcpy(text, dns, sizeof(dns));
	int n = snprintf((char *)text + 16, sizeof(text) - 16, "%s.%s.flow", name,
			 k->space ? k->space : "default");
	EVP_Digest(text, 16 + strnlen((char *)text + 16, (size_t)n), d, NULL, EVP_sha1(), NULL);
	d[6] = (unsigned char)((d[6] & 0x0f) | 0x50);
	d[8] = (unsigned char)((d[8] & 0x3f) | 0x80);
	snprintf(id, 37, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x",
		 d[0], d[1], d[2], d[3], d[4], d[5], d[6], d[7], d[8], d[9], d[10], d[11], d[12],
		 d[13], d[14], d[15]);
}

static int rule_path(const struct kibana *k, const char *name, char path[PATH_MAX_LEN],
		     struct err *err)
{
	char id[37], tail[80];
	rule_id(k, name, id);
	snprintf(tail, sizeof(tail), "/api/alerting/rule/%s", id);
	return kibana_path(k, tail, path, PATH_MAX_LEN, err);
}

/* Of a rule as Kibana tells it, the members that our files have: the others change with every run. */
static json_t *rule_part(const json_t *rule)
{
	static const char *const members[] = { "name",   "rule_type_id", "consumer", "enabled",
					       "tags",   "schedule",     "throttle", "notify_when",
					       "params", "actions" };
	json_t *part = json_object();
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		json_t *member = json_object_get(rule, members[i]);
		if (member && !json_is_null(member))
			json_object_set(part, members[i], member);
	}
	return part;
}

/* 1 and the hash when it is there, 0 when it is not, -1. */
static int rule_find(struct kibana *k, const char *name, char hash[CANON_HASH_MAX], struct err *err)
{
	char path[PATH_MAX_LEN];
	CLEANUP_JSON json_t *reply = NULL;
	if (rule_path(k, name, path, err))
		return -1;
	int found = es_find(k->kibana, path, &reply, err);
	if (found <= 0)
		return found;
	CLEANUP_JSON json_t *part = rule_part(reply);
	canon_hash(part, hash);
	return 1;
}

static int rule_plan(struct kibana *k, const struct asset *a, bool wanted, struct plan *p,
		     struct err *err)
{
	json_error_t why;
	char name[NAME_MAX_LEN], key[NAME_MAX_LEN + 40], hash[CANON_HASH_MAX],
	    found_hash[CANON_HASH_MAX];
	snprintf(name, sizeof(name), "%s", a->path + strlen(RULES_FOLDER));
	name[strcspn(name, ".")] = '\0';
	key_of(RULE, name, key, sizeof(key));
	if (!wanted && !json_object_get(k->record, key))
		return 0;
	int found = rule_find(k, name, found_hash, err);
	if (found < 0 || (!found && !wanted))
		return found;
	json_t *rule = json_loadb(a->text, a->len, JSON_REJECT_DUPLICATES, &why);
	if (!rule)
		return err_set(err, EF_USAGE, "%s:%d: %s", a->origin, why.line, why.text);
	canon_hash(rule, hash);
	return plan_add(p, NULL, RULE, name, rule,
			kibana_compare(k, key, hash, found ? found_hash : NULL), err);
}

/* Rules are changed without their type and switch: those go with POST alone. */
static int rule_write(struct kibana *k, const char *name, const json_t *wanted, struct err *err)
{
	char path[PATH_MAX_LEN], ignored[CANON_HASH_MAX];
	CLEANUP_JSON json_t *body = json_deep_copy(wanted);
	int found = rule_find(k, name, ignored, err);
	if (found < 0 || rule_path(k, name, path, err))
		return -1;
	if (found) {
		json_object_del(body, "rule_type_id");
		json_object_del(body, "consumer");
		json_object_del(body, "enabled");
	}
	return es_must(k->kibana, found ? "PUT" : "POST", path, body, NULL, err);
}

/* Kibana answers with 204 and nothing. */
static int rule_delete(struct kibana *k, const char *name, struct err *err)
{
	char path[PATH_MAX_LEN];
	long status = 0;
	CLEANUP_JSON json_t *reply = NULL;
	if (rule_path(k, name, path, err) ||
	    es_call(k->kibana, "DELETE", path, NULL, &status, &reply, err))
		return -1;
	return status >= 200 && status < 300
		   ? 0
		   : es_fail(k->kibana, "DELETE", path, status, reply, err);
}

/* GET (`body` NULL) or POST, at the path that this Kibana has. */
static int setting_call(struct kibana *k, const json_t *body, json_t **ret_reply, struct err *err)
{
	char path[PATH_MAX_LEN];
	const char *method = body ? "POST" : "GET";
	for (size_t i = 0; i < sizeof(setting_paths) / sizeof(setting_paths[0]); i++) {
		long status = 0;
		CLEANUP_JSON json_t *reply = NULL;
		if (kibana_path(k, setting_paths[i], path, sizeof(path), err) ||
		    es_call(k->kibana, method, path, body, &status, &reply, err))
			return -1;
		if (status == 404 || status == 400) {
			es_fail(k->kibana, method, path, status, reply, err);
			continue;
		}
		if (status != 200)
			return es_fail(k->kibana, method, path, status, reply, err);
		*ret_reply = steal_ptr(reply);
		return 0;
	}
	return -1;
}

/* 1 and the hash when somebody has set it, 0, -1; `ret_fixed`: kibana.yml has, which nobody can change here. */
static int setting_ask(struct kibana *k, char hash[CANON_HASH_MAX], bool *ret_fixed,
		       struct err *err)
{
	CLEANUP_JSON json_t *reply = NULL;
	if (setting_call(k, NULL, &reply, err))
		return -1;
	json_t *setting = json_object_get(json_object_get(reply, "settings"), PINNED),
	       *value = json_object_get(setting, "userValue");
	*ret_fixed = json_is_true(json_object_get(setting, "isOverridden"));
	if (!value || json_is_null(value))
		return 0;
	CLEANUP_JSON json_t *held = json_pack("{s:O}", "value", value);
	canon_hash(held, hash);
	return 1;
}

static int setting_find(struct kibana *k, const char *name, char hash[CANON_HASH_MAX],
			struct err *err)
{
	(void)name;
	bool fixed;
	int found = setting_ask(k, hash, &fixed, err);
	return found > 0 && fixed ? 0 : found;
}

static int setting_write(struct kibana *k, const char *name, const json_t *wanted, struct err *err)
{
	CLEANUP_JSON json_t *body = json_pack("{s:{s:O?}}", "changes", name,
					      json_object_get(wanted, "value")),
			    *reply = NULL;
	if (setting_call(k, body, &reply, err))
		return err_wrap(err, "%s cannot be set; --no-kibana-pin-filters leaves it", name);
	return 0;
}

/* null takes the user's value away. */
static int setting_drop(struct kibana *k, const char *name, struct err *err)
{
	CLEANUP_JSON json_t *none = json_pack("{s:n}", "value");
	return setting_write(k, name, none, err);
}

static int setting_plan(struct kibana *k, bool wanted, struct plan *p, struct err *err)
{
	bool fixed;
	char hash[CANON_HASH_MAX], found_hash[CANON_HASH_MAX];
	const bool ours = json_object_get(k->record, SETTING ":" PINNED) != NULL;
	if (!wanted && !ours)
		return 0;
	int found = setting_ask(k, found_hash, &fixed, err);
	if (found < 0)
		return -1;
	json_t *value = json_pack("{s:b}", "value", 1);
	canon_hash(value, hash);
	enum action action = ours || found || fixed ? kibana_compare(k, SETTING ":" PINNED, hash,
								     found ? found_hash : "")
						    : ACTION_CREATE;
	if (fixed || action == ACTION_FOREIGN)
		action = ACTION_YOURS;
	if (!wanted && action == ACTION_SAME)
		action = ACTION_REMOVE;
	return plan_add(p, NULL, SETTING, PINNED, value, action, err);
}

static const struct extra {
	const char *group;
	bool keeps_mark; /* of what somebody changed: remove tells of it. A setting that somebody changed is theirs */
	int (*find)(struct kibana *k, const char *name, char hash[CANON_HASH_MAX], struct err *err);
	int (*write)(struct kibana *k, const char *name, const json_t *wanted, struct err *err);
	int (*drop)(struct kibana *k, const char *name, struct err *err);
} extras[] = {
	{ RULE, true, rule_find, rule_write, rule_delete },
	{ SETTING, false, setting_find, setting_write, setting_drop },
};

/* The row of a group, or of a key that begins with it; NULL when it is none of ours. */
static const struct extra *extra_of(const char *text)
{
	size_t len = strcspn(text, ":");
	for (size_t i = 0; i < sizeof(extras) / sizeof(extras[0]); i++)
		if (strlen(extras[i].group) == len && strncmp(extras[i].group, text, len) == 0)
			return &extras[i];
	return NULL;
}

int kibana_extra_plan(struct kibana *k, const struct app *app, struct plan *p, struct err *err)
{
	for (size_t i = 0; i < assets_count(app->assets); i++) {
		const struct asset *a = assets_at(app->assets, i);
		if (strncmp(a->path, RULES_FOLDER, strlen(RULES_FOLDER)) == 0 &&
		    rule_plan(k, a, app->kibana.alerts, p, err))
			return -1;
	}
	return setting_plan(k, app->kibana.pin_filters, p, err);
}

static int extra_write(struct kibana *k, const struct extra *extra, const struct plan_item *item,
		       const char *key, struct err *err)
{
	char hash[CANON_HASH_MAX], stored[CANON_HASH_MAX] = "";
	if (item->action == ACTION_REMOVE) {
		if (extra->drop(k, item->name, err))
			return -1;
		json_object_del(k->record, key);
		return 0;
	}
	/* the second question: what Kibana made of what we wrote */
	if (extra->write(k, item->name, item->wanted, err) ||
	    extra->find(k, item->name, stored, err) < 0)
		return -1;
	canon_hash(item->wanted, hash);
	kibana_note(k, key, hash, stored);
	return 0;
}

int kibana_extra_apply(struct kibana *k, const struct plan *p, bool force, struct err *err)
{
	int n = 0;
	for (size_t i = 0; i < p->n; i++) {
		const struct plan_item *item = &p->item[i];
		char key[NAME_MAX_LEN + 40];
		const struct extra *extra = item->kind ? NULL : extra_of(item->group);
		if (!extra || !plan_writes(item, force))
			continue;
		key_of(item->group, item->name, key, sizeof(key));
		if (extra_write(k, extra, item, key, err))
			return -1;
		n++;
	}
	return n;
}

int kibana_extra_remove(struct kibana *k, bool force, json_t *left, struct err *err)
{
	const char *key;
	json_t *mark;
	json_object_foreach (k->record, key, mark) {
		char hash[CANON_HASH_MAX] = "";
		const struct extra *extra = extra_of(key);
		if (!extra)
			continue;
		const char *name = key + strlen(extra->group) + 1;
		int found = extra->find(k, name, hash, err);
		if (found < 0)
			return -1;
		bool ours = force || strcmp(hash, json_text_at(mark, "stored", "")) == 0;
		if (found && !ours && extra->keeps_mark)
			json_object_set(left, key, mark);
		if (found && ours && extra->drop(k, name, err))
			return -1;
	}
	return 0;
}
