/* SPDX-License-Identifier: Apache-2.0
 * What of Kibana is not imported: alerting rules and an advanced setting, each with an API of its
 * own. */
#include "importer/install/kibana_extra.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/names.h"
#include "importer/assets/asset.h"
#include "importer/assets/canon.h"
#include "importer/assets/prefix.h"
#include "importer/assets/render.h"
#include "importer/client/app.h"
#include "importer/client/es.h"
#include "importer/client/settings.h"

#define RULES_FOLDER "kibana/alerting/"
#define PINNED       "filters:pinnedByDefault"
#define NAME_MAX_LEN 200
#define KEY_MAX_LEN  (NAME_MAX_LEN + 40)
#define PATH_MAX_LEN 400

static const struct kind kind_rule = { .name = "alerting rule", .in_kibana = true };
static const struct kind kind_setting = { .name = "advanced setting", .in_kibana = true };

/* Kibana 8 has the first; later ones may answer to the second only. */
static const char *const setting_paths[] = { "/api/kibana/settings", "/internal/kibana/settings" };

static void key_of(const struct kind *kind, const char *name, char key[KEY_MAX_LEN])
{
	snprintf(key, KEY_MAX_LEN, "%s:%s", kind->name, name);
}

/*
 * Kibana wants a UUID, and one that no other space has: version 5 (RFC 4122 section 4.3) of the
 * space and the name, below the UUID of DNS names.
 */
static void rule_id(const struct kibana *k, const char *name, char id[37])
{
	static const unsigned char dns[16] = { 0x6b, 0xa7, 0xb8, 0x10, 0x9d, 0xad, 0x11, 0xd1,
					       0x80, 0xb4, 0x00, 0xc0, 0x4f, 0xd4, 0x30, 0xc8 };
	unsigned char text[16 + NAME_MAX_LEN * 2], d[EVP_MAX_MD_SIZE] = { 0 };
	memcpy(text, dns, sizeof(dns));
	int n = snprintf((char *)text + 16, sizeof(text) - 16, "%s.%s.%s", name,
			 k->space ? k->space : "default", NAME(es_prefix(k->es), "flow"));
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

/* Of a rule as Kibana tells it, the members that our files have: the others change with every
 * run. */
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

/* The hash of what is there, NULL for nothing. */
static const char *hash_of(const json_t *found, char hash[CANON_HASH_MAX])
{
	if (found)
		canon_hash(found, hash);
	return found ? hash : NULL;
}

/* 1 and what is to be compared when it is there, 0 when it is not, -1. */
static int rule_find(struct kibana *k, const char *name, json_t **ret_found, struct err *err)
{
	char path[PATH_MAX_LEN];
	CLEANUP_JSON json_t *reply = NULL;
	if (rule_path(k, name, path, err))
		return -1;
	int found = es_find(k->kibana, path, &reply, err);
	if (found <= 0)
		return found;
	*ret_found = rule_part(reply);
	return 1;
}

/*
 * A record's bytes stand where it ends. A mean over a window that is not twice as long as records
 * may tell of would be of what one or two of them bring by chance.
 */
#define RULE_MINUTES 10
#define MINUTE_MS    60000

/* What rules may name beside the settings: the minutes of a mean, and what 800 Mbit/s are in it. */
static json_t *rule_variables(const struct app *app)
{
	json_t *variables = settings_variables(app);
	json_int_t minutes = 2 * ((app->setup.active_timeout + MINUTE_MS - 1) / MINUTE_MS);
	if (minutes < RULE_MINUTES)
		minutes = RULE_MINUTES;
	json_object_set_new(variables, "alert_minutes", json_integer(minutes));
	json_object_set_new(variables, "alert_bytes", json_integer(minutes * 60 * 100000000));
	return variables;
}

static int rule_plan_one(struct kibana *k, const struct app *app, const struct asset *a,
			 struct plan *p, struct err *err)
{
	json_error_t why;
	const bool wanted = app->kibana.alerts;
	char name[NAME_MAX_LEN], key[KEY_MAX_LEN], hash[CANON_HASH_MAX], found_hash[CANON_HASH_MAX];
	CLEANUP_JSON json_t *there = NULL;
	snprintf(name, sizeof(name), "%s", a->path + strlen(RULES_FOLDER));
	name[strcspn(name, ".")] = '\0';
	key_of(&kind_rule, name, key);
	const json_t *mark = json_object_get(k->record, key);
	if (!wanted && !mark)
		return 0;
	int found = rule_find(k, name, &there, err);
	/* one that was there and is gone was deleted: it comes back for who names the option */
	const bool deleted =
	    mark && !kibana_untouched(mark, "") && !settings_named(app, "kibana.alerts");
	if (found < 0 || (!found && (!wanted || deleted)))
		return found;
	CLEANUP_JSON json_t *variables = rule_variables(app);
	CLEANUP_JSON json_t *rule = json_loadb(a->text, a->len, JSON_REJECT_DUPLICATES, &why);
	if (!rule)
		return err_set(err, EF_USAGE, "%s:%d: %s", a->origin, why.line, why.text);
	if (render_variables(variables, a->origin, rule, err))
		return -1;
	prefix_enter(app->assets, es_prefix(k->es), rule);
	canon_hash(rule, hash);
	if (plan_add(p, &kind_rule, kind_rule.name, name, steal_ptr(rule),
		     kibana_compare(k, key, hash, hash_of(there, found_hash)), err))
		return -1;
	p->item[p->n - 1].found = steal_ptr(there);
	return 0;
}

static int rule_plan(struct kibana *k, const struct app *app, struct plan *p, struct err *err)
{
	for (size_t i = 0; i < assets_count(app->assets); i++) {
		const struct asset *a = assets_at(app->assets, i);
		if (strncmp(a->path, RULES_FOLDER, strlen(RULES_FOLDER)) == 0 &&
		    rule_plan_one(k, app, a, p, err))
			return -1;
	}
	return 0;
}

/* Rules are changed without their type and switch: those go with POST alone. */
static int rule_write(struct kibana *k, const char *name, const json_t *wanted, struct err *err)
{
	char path[PATH_MAX_LEN];
	CLEANUP_JSON json_t *body = json_deep_copy(wanted), *there = NULL;
	int found = rule_find(k, name, &there, err);
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

/* 1 and its value when somebody has set it, 0, -1; `ret_fixed`: kibana.yml has, which nobody can
 * change here. */
static int setting_ask(struct kibana *k, json_t **ret_found, bool *ret_fixed, struct err *err)
{
	CLEANUP_JSON json_t *reply = NULL;
	if (setting_call(k, NULL, &reply, err))
		return -1;
	json_t *setting = json_object_get(json_object_get(reply, "settings"), PINNED),
	       *value = json_object_get(setting, "userValue");
	*ret_fixed = json_is_true(json_object_get(setting, "isOverridden"));
	if (!value || json_is_null(value))
		return 0;
	*ret_found = json_pack("{s:O}", "value", value);
	return 1;
}

static int setting_find(struct kibana *k, const char *name, json_t **ret_found, struct err *err)
{
	(void)name;
	bool fixed;
	int found = setting_ask(k, ret_found, &fixed, err);
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

static int setting_plan(struct kibana *k, const struct app *app, struct plan *p, struct err *err)
{
	bool fixed;
	char key[KEY_MAX_LEN], hash[CANON_HASH_MAX], found_hash[CANON_HASH_MAX];
	CLEANUP_JSON json_t *there = NULL;
	key_of(&kind_setting, PINNED, key);
	const bool wanted = app->kibana.pin_filters, ours = json_object_get(k->record, key) != NULL;
	if (!wanted && !ours)
		return 0;
	int found = setting_ask(k, &there, &fixed, err);
	if (found < 0)
		return -1;
	json_t *value = json_pack("{s:b}", "value", 1);
	canon_hash(value, hash);
	enum action action =
	    ours || found || fixed
		? kibana_compare(k, key, hash, found ? hash_of(there, found_hash) : "")
		: ACTION_CREATE;
	if (fixed || action == ACTION_FOREIGN)
		action = ACTION_YOURS;
	if (!wanted && (action == ACTION_SAME || action == ACTION_UPDATE))
		action = ACTION_REMOVE;
	if (plan_add(p, &kind_setting, kind_setting.name, PINNED, value, action, err))
		return -1;
	p->item[p->n - 1].found = steal_ptr(there);
	return 0;
}

static const struct extra {
	const struct kind *kind;
	/* of what somebody changed: remove tells of it. A setting that somebody changed is
	 * theirs */
	bool keeps_mark;
	int (*plan)(struct kibana *k, const struct app *app, struct plan *p, struct err *err);
	int (*find)(struct kibana *k, const char *name, json_t **ret_found, struct err *err);
	int (*write)(struct kibana *k, const char *name, const json_t *wanted, struct err *err);
	int (*drop)(struct kibana *k, const char *name, struct err *err);
} extras[] = {
	{ &kind_rule, true, rule_plan, rule_find, rule_write, rule_delete },
	{ &kind_setting, false, setting_plan, setting_find, setting_write, setting_drop },
};
#define EXTRAS (sizeof(extras) / sizeof(extras[0]))

static const struct extra *extra_of_kind(const struct kind *kind)
{
	for (size_t i = 0; i < EXTRAS; i++)
		if (extras[i].kind == kind)
			return &extras[i];
	return NULL;
}

/* NULL: it is the key of something else. */
static const struct extra *extra_of_key(const char *key)
{
	size_t len = strcspn(key, ":");
	for (size_t i = 0; i < EXTRAS; i++)
		if (strlen(extras[i].kind->name) == len &&
		    strncmp(extras[i].kind->name, key, len) == 0)
			return &extras[i];
	return NULL;
}

int kibana_extra_plan(struct kibana *k, const struct app *app, struct plan *p, struct err *err)
{
	for (size_t i = 0; i < EXTRAS; i++)
		if (extras[i].plan(k, app, p, err))
			return -1;
	return 0;
}

static int extra_write(struct kibana *k, const struct extra *extra, const struct plan_item *item,
		       const char *key, struct err *err)
{
	char hash[CANON_HASH_MAX], stored[CANON_HASH_MAX] = "";
	CLEANUP_JSON json_t *there = NULL;
	if (item->action == ACTION_REMOVE) {
		if (extra->drop(k, item->name, err))
			return -1;
		json_object_del(k->record, key);
		return 0;
	}
	/* the second question: what Kibana made of what we wrote */
	if (extra->write(k, item->name, item->wanted, err) ||
	    extra->find(k, item->name, &there, err) < 0)
		return -1;
	hash_of(there, stored);
	canon_hash(item->wanted, hash);
	kibana_note(k, key, hash, stored);
	return 0;
}

int kibana_extra_apply(struct kibana *k, struct plan *p, bool force, struct err *err)
{
	int n = 0;
	for (size_t i = 0; i < p->n; i++) {
		struct plan_item *item = &p->item[i];
		char key[KEY_MAX_LEN];
		const struct extra *extra = extra_of_kind(item->kind);
		if (!extra || !plan_writes(item, force))
			continue;
		key_of(item->kind, item->name, key);
		if (extra_write(k, extra, item, key, err))
			return -1;
		item->applied = true;
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
		CLEANUP_JSON json_t *there = NULL;
		const struct extra *extra = extra_of_key(key);
		if (!extra)
			continue;
		const char *name = key + strlen(extra->kind->name) + 1;
		int found = extra->find(k, name, &there, err);
		if (found < 0)
			return -1;
		hash_of(there, hash);
		bool ours = force || kibana_untouched(mark, hash);
		if (found && !ours && extra->keeps_mark)
			json_object_set(left, key, mark);
		if (found && ours && extra->drop(k, name, err))
			return -1;
	}
	return 0;
}
