/* SPDX-License-Identifier: Apache-2.0
 * Settings from a YAML file: a walk over libyaml's document against the option tables. */
#include "common/conf_yaml.h"

#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/conf_doubt.h"
#include "common/conf_gone.h"
#include "common/regular.h"

#define VALUE_MAX 65536
#define SAID_MAX  256

struct yaml_walk {
	const struct opt_table *tables;
	size_t n_tables;
	const char *file;
	bool foreign; /* the file of another program, or more than what is asked for */
	/* what the file has said, in whatever spelling of the path */
	const struct opt *said[SAID_MAX];
	bool said_file[SAID_MAX]; /* by its _file */
	size_t said_n;
	yaml_document_t doc;
};

static void locate(const struct yaml_walk *w, const yaml_node_t *node, const char *name,
		   char *where, size_t room)
{
	snprintf(where, room, "%s:%zu:%zu: %s", w->file, node->start_mark.line + 1,
		 node->start_mark.column + 1, name);
}

/* Copy `text` to `out` with ${NAME} replaced. */
static int expand_environment(const char *text, const char *where, struct buf *out, struct err *err)
{
	for (const char *open; (open = strstr(text, "${")) != NULL;) {
		const char *close = strchr(open, '}');
		char name[128];
		if (!close || (size_t)(close - open - 2) >= sizeof(name))
			return err_set(err, EF_USAGE, "%s: '${' without '}'", where);
		size_t n = (size_t)(close - open - 2);
		memcpy(name, open + 2, n);
		name[n] = '\0';
		const char *value = getenv(name);
		if (!value)
			return err_set(err, EF_USAGE, "%s: environment variable %s is not set",
				       where, name);
		if (buf_add(out, text, (size_t)(open - text)) || buf_add_text(out, value))
			return err_set(err, EF_USAGE, "%s: value too long", where);
		text = close + 1;
	}
	if (buf_add_text(out, text))
		return err_set(err, EF_USAGE, "%s: value too long", where);
	return 0;
}

static int take_scalar(const struct yaml_walk *w, const struct opt *opt, void *settings,
		       bool is_file, const yaml_node_t *node, const char *where, struct err *err)
{
	CLEANUP_BUF struct buf value;
	buf_init(&value, VALUE_MAX);
	if (expand_environment((const char *)node->data.scalar.value, where, &value, err))
		return -1;
	if (value.len)
		conf_note_named(w->tables, w->n_tables, opt);
	int ret = is_file ? conf_set_secret_file(opt, settings, value.data, where, err)
			  : conf_set(opt, settings, value.data, where, err);
	/* one that the environment says is in no file */
	bool is_secret =
	    opt->type == OPT_SECRET || (opt->is_url && value.len && strchr(value.data, '@'));
	bool is_held = ret == 0 && is_secret && value.len &&
		       (is_file || !strstr((const char *)node->data.scalar.value, "${"));
	if (is_held)
		ret = conf_note_holder(w->tables, w->n_tables, opt, is_file ? value.data : w->file,
				       err);
	if (is_secret)
		explicit_bzero(value.data, value.len);
	return ret;
}

static int take_sequence(struct yaml_walk *w, const struct opt *opt, void *settings,
			 const yaml_node_t *node, const char *where, struct err *err)
{
	if (opt->type != OPT_LIST)
		return err_set(err, EF_USAGE, "%s: one value is wanted here, not a list", where);
	struct strlist *list = (struct strlist *)((char *)settings + opt->offset);
	strlist_release(list);
	conf_note_named(w->tables, w->n_tables, opt);
	for (yaml_node_item_t *i = node->data.sequence.items.start;
	     i < node->data.sequence.items.top; i++) {
		const yaml_node_t *item = yaml_document_get_node(&w->doc, *i);
		if (!item || item->type != YAML_SCALAR_NODE)
			return err_set(err, EF_USAGE, "%s: a list of plain values is wanted",
				       where);
		CLEANUP_BUF struct buf value;
		buf_init(&value, VALUE_MAX);
		if (expand_environment((const char *)item->data.scalar.value, where, &value, err))
			return -1;
		if (conf_add_word(opt, list, value.data, where, err))
			return -1;
	}
	return 0;
}

/* Is `path` the beginning of an option's path, such as "elasticsearch"? */
static bool is_group(const struct yaml_walk *w, const char *path)
{
	size_t n = strlen(path);
	for (const struct opt_table *t = w->tables; t < w->tables + w->n_tables; t++)
		for (const struct opt *opt = t->rows; opt < t->rows + t->n; opt++)
			if (!opt->flag_only && strncmp(opt->name, path, n) == 0 &&
			    opt->name[n] == '.')
				return true;
	return false;
}

static int take_mapping(struct yaml_walk *w, const yaml_node_t *map, const char *prefix,
			struct err *err);

/* "a.b" and a "b" below "a" are one option, and which of them should win nobody knows. */
static bool is_said(struct yaml_walk *w, const struct opt *opt, bool is_file)
{
	for (size_t i = 0; i < w->said_n; i++)
		if (w->said[i] == opt && w->said_file[i] == is_file)
			return true;
	if (w->said_n < SAID_MAX) {
		w->said_file[w->said_n] = is_file;
		w->said[w->said_n++] = opt;
	}
	return false;
}

static int no_option(const char *path, const char *where, struct err *err)
{
	const char *instead = conf_gone(path, strlen(path));
	return instead ? err_set(err, EF_USAGE, "%s is no option any more; use %s", where, instead)
		       : err_set(err, EF_USAGE, "%s: no such option; --help lists them", where);
}

static int take_pair(struct yaml_walk *w, const yaml_node_t *key, const yaml_node_t *value,
		     const char *prefix, struct err *err)
{
	char path[CONF_NAME_MAX], where[512];
	if (key->type != YAML_SCALAR_NODE)
		return err_set(err, EF_USAGE, "%s:%zu: a key must be plain text", w->file,
			       key->start_mark.line + 1);
	snprintf(path, sizeof(path), "%s%s%s", prefix, *prefix ? "." : "",
		 (const char *)key->data.scalar.value);
	locate(w, key, path, where, sizeof(where));

	if (value->type == YAML_MAPPING_NODE && is_group(w, path))
		return take_mapping(w, value, path, err);
	/* a group of which every option is commented out, as in the reference */
	if (value->type == YAML_SCALAR_NODE && !value->data.scalar.length && is_group(w, path))
		return 0;
	void *settings;
	bool is_file;
	const struct opt *opt = conf_find(w->tables, w->n_tables, path, &settings, &is_file);
	if (!opt && w->foreign)
		return 0;
	if (!opt || opt->flag_only)
		return no_option(path, where, err);
	if (is_said(w, opt, is_file))
		return err_set(err, EF_USAGE, "%s is here for the second time", where);
	if (value->type == YAML_SCALAR_NODE)
		return take_scalar(w, opt, settings, is_file, value, where, err);
	if (value->type == YAML_SEQUENCE_NODE)
		return take_sequence(w, opt, settings, value, where, err);
	return err_set(err, EF_USAGE, "%s: a plain value is wanted here", where);
}

/* Is the key of `pair` that of an earlier one? YAML has each once; libyaml does not look. */
static bool is_repeated(struct yaml_walk *w, const yaml_node_t *map, const yaml_node_pair_t *pair)
{
	const yaml_node_t *key = yaml_document_get_node(&w->doc, pair->key);
	for (yaml_node_pair_t *p = map->data.mapping.pairs.start; p < pair; p++) {
		const yaml_node_t *other = yaml_document_get_node(&w->doc, p->key);
		if (key->type == YAML_SCALAR_NODE && other->type == YAML_SCALAR_NODE &&
		    strcmp((const char *)key->data.scalar.value,
			   (const char *)other->data.scalar.value) == 0)
			return true;
	}
	return false;
}

static int take_mapping(struct yaml_walk *w, const yaml_node_t *map, const char *prefix,
			struct err *err)
{
	for (yaml_node_pair_t *p = map->data.mapping.pairs.start; p < map->data.mapping.pairs.top;
	     p++) {
		const yaml_node_t *key = yaml_document_get_node(&w->doc, p->key);
		const yaml_node_t *value = yaml_document_get_node(&w->doc, p->value);
		if (is_repeated(w, map, p))
			return err_set(err, EF_USAGE, "%s:%zu:%zu: %s is here for the second time",
				       w->file, key->start_mark.line + 1,
				       key->start_mark.column + 1,
				       (const char *)key->data.scalar.value);
		if (take_pair(w, key, value, prefix, err))
			return -1;
	}
	return 0;
}

/* Some of it were secrets. */
static void wipe(const yaml_document_t *doc)
{
	for (yaml_node_t *n = doc->nodes.start; n < doc->nodes.top; n++)
		if (n->type == YAML_SCALAR_NODE)
			explicit_bzero(n->data.scalar.value, n->data.scalar.length);
}

static bool is_empty(yaml_document_t *doc)
{
	const yaml_node_t *root = yaml_document_get_root_node(doc);
	return !root || (root->type == YAML_SCALAR_NODE && root->data.scalar.length == 0);
}

static int load_next(yaml_parser_t *parser, const char *path, yaml_document_t *ret_doc,
		     struct err *err)
{
	if (yaml_parser_load(parser, ret_doc))
		return 0;
	return err_set(err, EF_USAGE, "%s:%zu:%zu: not valid YAML: %s", path,
		       parser->problem_mark.line + 1, parser->problem_mark.column + 1,
		       parser->problem ? parser->problem : "unreadable");
}

/* The one document of a file: what is said in a second one must not go unheard. */
static int load_only(yaml_parser_t *parser, const char *path, yaml_document_t *ret_doc,
		     struct err *err)
{
	yaml_document_t more;
	if (load_next(parser, path, ret_doc, err))
		return -1;
	int result = load_next(parser, path, &more, err);
	if (result == 0) {
		if (!is_empty(&more))
			result = err_set(err, EF_USAGE,
					 "%s:%zu: a second document begins here; one is wanted",
					 path, more.start_mark.line + 1);
		wipe(&more);
		yaml_document_delete(&more);
	}
	if (result) {
		wipe(ret_doc);
		yaml_document_delete(ret_doc);
	}
	return result;
}

int conf_read(const struct opt_table *tables, size_t n_tables, const struct conf_file *file,
	      struct err *err)
{
	const char *path = file->path;
	CLEANUP_FILE FILE *f = regular_stream(path, err);
	if (!f)
		return err_wrap(err, "the configuration");

	struct yaml_walk w = { .tables = file->only ? file->only : tables,
			       .n_tables = file->only ? 1 : n_tables,
			       .file = path,
			       .foreign = file->only };
	yaml_parser_t parser;
	if (!yaml_parser_initialize(&parser))
		return err_set(err, EF_FAILED, "out of memory while reading %s", path);
	yaml_parser_set_input_file(&parser, f);
	int ret = load_only(&parser, path, &w.doc, err);
	yaml_parser_delete(&parser);
	if (ret)
		return ret;

	const yaml_node_t *root = yaml_document_get_root_node(&w.doc);
	if (!is_empty(&w.doc))
		ret = root->type == YAML_MAPPING_NODE
			  ? take_mapping(&w, root, "", err)
			  : err_set(err, EF_USAGE, "%s: 'option: value' lines are wanted", path);
	wipe(&w.doc);
	yaml_document_delete(&w.doc);
	return ret;
}
