/* SPDX-License-Identifier: Apache-2.0
 * Where requests go and with which credentials: at the start, after a reload, after a new API
 * key. */
#include "forwarder/ship/access.h"

#include <stdlib.h>
#include <string.h>

#include "forwarder/ship/proof.h"
#include "forwarder/ship/queue.h"

static void wipe_key(char *key_take)
{
	if (key_take)
		explicit_bzero(key_take, strlen(key_take));
	free(key_take);
}

/* NULL where `key` is; -1: no memory. */
static int copy_key(const char *key, char **ret_copy, struct err *err)
{
	char *copy = key ? strdup(key) : NULL;
	if (key && !copy)
		return err_set(err, EF_FAILED, "out of memory");
	*ret_copy = copy;
	return 0;
}

static void use_key(struct shipper *s, char *key_take)
{
	char id[API_KEY_ID_MAX] = "";
	if (key_take)
		api_key_id(key_take, id);
	s->elastic.api_key = key_take;
	ship_keys_use(&s->keys, id);
}

int access_init(struct shipper *s, const struct elastic_settings *elastic, struct err *err)
{
	char *key;
	if (copy_key(elastic->api_key, &key, err))
		return -1;
	s->elastic = *elastic;
	use_key(s, key);
	return 0;
}

void access_release(struct shipper *s)
{
	wipe_key(s->elastic.api_key);
}

/* Endpoints that were left alone because of what was in force before are asked again at once. */
static int access_change(struct shipper *s, const struct elastic_settings *to, char *key_take,
			 struct err *err)
{
	if (endpoints_replace(s->endpoints, &to->url, err)) {
		wipe_key(key_take);
		return -1;
	}
	wipe_key(s->elastic.api_key);
	s->elastic = *to;
	use_key(s, key_take);
	s->generation++;
	s->proven = false;
	proof_forget(s);
	queue_wake_all(s);
	return 0;
}

int shipper_reload(struct shipper *s, const struct elastic_settings *elastic, struct err *err)
{
	char *key;
	if (copy_key(elastic->api_key, &key, err))
		return -1;
	pthread_mutex_lock(&s->lock);
	int result = access_change(s, elastic, key, err);
	pthread_mutex_unlock(&s->lock);
	return result;
}

int shipper_set_key(struct shipper *s, const char *api_key, struct err *err)
{
	char *key;
	if (copy_key(api_key, &key, err))
		return -1;
	pthread_mutex_lock(&s->lock);
	const struct elastic_settings settings = s->elastic;
	bool same = settings.api_key && key && strcmp(settings.api_key, key) == 0;
	int result = same ? 0 : 1;
	if (same)
		wipe_key(key);
	else if (access_change(s, &settings, key, err))
		result = -1;
	pthread_mutex_unlock(&s->lock);
	return result;
}

void shipper_get_keys(struct shipper *s, struct ship_keys *ret_keys)
{
	pthread_mutex_lock(&s->lock);
	*ret_keys = s->keys;
	pthread_mutex_unlock(&s->lock);
}
