/* SPDX-License-Identifier: Apache-2.0
 * The connection to the cluster, written once: conf.d/elasticsearch.yml, setup's own file, which
 * efd and efctl read. */
#include "importer/client/connection.h"

#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/conf_dir.h"
#include "common/conf_yaml.h"
#include "importer/core/files.h"
#include "importer/core/memory.h"
#include "importer/core/print.h"

#define TEXT_MAX (1U << 20)
#define CA_NAME  "elasticsearch-ca.pem"

const char *const connection_words[] = {
	[CONNECTION_NONE] = "none",       [CONNECTION_SAME] = "same",
	[CONNECTION_CREATE] = "create",   [CONNECTION_UPDATE] = "update",
	[CONNECTION_WRITTEN] = "written", [CONNECTION_ELSEWHERE] = "elsewhere",
};

bool connection_is_here(void)
{
	CLEANUP_FREE char *folder = conf_dir_path("conf.d");
	if (!folder)
		memory_out(); /* neither answer would be true */
	return access(access(folder, F_OK) == 0 ? folder : conf_dir(), W_OK) == 0;
}

gid_t efd_group(void)
{
	const struct group *g = getgrnam("efd");
	return g ? g->gr_gid : (gid_t)-1;
}

/* ---- what it says --------------------------------------------------------- */

/* A YAML scalar that means `text` whatever is in it; ${…} would be replaced when it is read. */
static int add_value(struct buf *out, const char *text, struct err *err)
{
	for (const char *p = text; *p; p++)
		if ((unsigned char)*p < ' ' || (p[0] == '$' && p[1] == '{'))
			return err_set(err, EF_USAGE,
				       "'%s' cannot be written to a file of settings", text);
	int failed = buf_add_text(out, "'");
	for (const char *quote; !failed && (quote = strchr(text, '\''));) {
		failed = buf_add(out, text, (size_t)(quote - text)) || buf_add_text(out, "''");
		text = quote + 1;
	}
	if (failed || buf_add_text(out, text) || buf_add_text(out, "'"))
		return err_set(err, EF_FAILED, "the connection is too long to be written");
	return 0;
}

static int add_list(struct buf *out, const struct strlist *list, struct err *err)
{
	int failed = 0;
	for (size_t i = 0; i < list->n && !failed; i++)
		failed = buf_add_text(out, i ? ", " : "[") || add_value(out, list->item[i], err);
	return failed || buf_add_text(out, "]") ? -1 : 0;
}

/* One line, unless the option has its default. A cloud id was resolved to the URL. */
static int add_option(struct buf *out, const struct opt *opt, const void *settings, struct err *err)
{
	const void *field = (const char *)settings + opt->offset;
	const char *text = opt->type == OPT_TEXT   ? *(char *const *)field
			   : opt->type == OPT_BOOL ? (*(const bool *)field ? "true" : "false")
						   : NULL;
	const char *name = strchr(opt->name, '.') + 1;
	if (opt->type == OPT_LIST)
		return buf_add_fmt(out, "  %s: ", name) || add_list(out, field, err) ||
		       buf_add_text(out, "\n");
	if (!text || (opt->preset && strcmp(text, opt->preset) == 0) ||
	    strcmp(name, "cloud_id") == 0)
		return 0;
	return buf_add_fmt(out, "  %s: ", name) || add_value(out, text, err) ||
	       buf_add_text(out, "\n");
}

int connection_text(struct buf *out, const struct elastic_settings *elastic, const char *key_path,
		    struct err *err)
{
	const struct opt_table table = connection_options((struct elastic_settings *)elastic);
	int failed = buf_add_text(out, "elasticsearch:\n");
	for (const struct opt *opt = table.rows; opt < table.rows + table.n && !failed; opt++)
		failed = add_option(out, opt, elastic, err);
	if (!failed && key_path)
		failed = buf_add_text(out, "  api_key_file: ") || add_value(out, key_path, err) ||
			 buf_add_text(out, "\n");
	if (failed && !err->code)
		err_set(err, EF_FAILED, "out of memory");
	return failed ? -1 : 0;
}

static int add_text(struct buf *out, const struct elastic_settings *efd, const char *key_path,
		    struct err *err)
{
	if (buf_add_fmt(out,
			"# Written by `efctl setup`, which writes it anew when the connection "
			"changes.\n# What differs on this host belongs into %s/" EFD_CONFIG
			", which is read later and wins.\n",
			conf_dir()))
		return err_set(err, EF_FAILED, "out of memory");
	return connection_text(out, efd, key_path, err);
}

/* ---- where it differs ----------------------------------------------------- */

static bool is_below(const char *path, const char *folder)
{
	size_t n = strlen(folder);
	return strncmp(path, folder, n) == 0 && path[n] == '/';
}

/* The CA for efd: a file in the folder of the settings stays where it is, another one is copied
 * there. */
static int plan_ca(const char *ca_file, struct connection *c, const char **ret_path,
		   struct err *err)
{
	*ret_path = NULL;
	if (!ca_file)
		return 0;
	CLEANUP_FREE char *folder = realpath(conf_dir(), NULL);
	c->ca_from = realpath(ca_file, NULL);
	if (!c->ca_from || file_read(c->ca_from, TEXT_MAX, &c->ca_text, &c->ca_len, err))
		return err_set(err, EF_USAGE, "elasticsearch.ca_file: cannot read %s", ca_file);
	c->ca_path = conf_dir_path("conf.d/" CA_NAME);
	if (folder && is_below(c->ca_from, folder)) {
		free(c->ca_path);
		c->ca_path = steal_ptr(c->ca_from);
	}
	*ret_path = c->ca_path;
	return c->ca_path ? 0 : err_set(err, EF_FAILED, "out of memory");
}

static bool file_says(const char *path, const char *text, size_t len)
{
	struct err ignored = ERR_NONE;
	CLEANUP_FREE char *there = NULL;
	size_t n;
	return file_read(path, TEXT_MAX, &there, &n, &ignored) == 0 && n == len &&
	       memcmp(there, text, len) == 0;
}

static bool is_set(const struct opt *opt, const void *settings)
{
	const void *field = (const char *)settings + opt->offset;
	return opt->type == OPT_LIST   ? ((const struct strlist *)field)->n > 0
	       : opt->type == OPT_BOOL ? true
				       : *(char *const *)field != NULL;
}

/* Names of the options that `file` sets to something else than efd is to have. */
static int connection_compare(const char *file, const struct elastic_settings *efd,
			      json_t *overridden, struct err *err)
{
	struct elastic_settings its = { .verify = efd->verify };
	const struct opt_table all = elastic_options(&its), ours = connection_options(&its);
	const struct conf_file source = { .path = file, .only = &all };
	char text[512] = "";
	size_t n = 0;
	int result = conf_read(&all, 1, &source, err);
	for (const struct opt *opt = ours.rows; opt < ours.rows + ours.n && result == 0; opt++)
		if (is_set(opt, &its) && conf_differs(opt, &its, efd) && n < sizeof(text))
			n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s", n ? ", " : "",
					      opt->name);
	if (result == 0 && its.api_key && efd->api_key && strcmp(its.api_key, efd->api_key) != 0 &&
	    n < sizeof(text))
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%selasticsearch.api_key",
				      n ? ", " : "");
	if (n)
		json_array_append_new(overridden, json_sprintf("%s: %s", file, text));
	conf_release(&all, 1);
	return result;
}

/* Those that efd reads after ours. */
static int find_overrides(const char *ours, const struct elastic_settings *efd, json_t *overridden,
			  struct err *err)
{
	struct strlist paths = { 0 };
	int result = conf_dir_list(EFD_CONFIG, &paths, err);
	for (size_t i = 0; i < paths.n && result == 0; i++)
		if ((i == paths.n - 1 || strcmp(paths.item[i], ours) > 0) &&
		    access(paths.item[i], F_OK) == 0)
			result = connection_compare(paths.item[i], efd, overridden, err);
	strlist_release(&paths);
	return result;
}

/* The caller's; NULL: no memory. The file need not be there yet. */
static char *absolute(const char *path)
{
	char folder[PATH_MAX], *whole = NULL;
	if (*path == '/' || !getcwd(folder, sizeof(folder)))
		return strdup(path);
	return asprintf(&whole, "%s/%s", folder, path) < 0 ? NULL : whole;
}

static void first_line(const char *file, char *text, size_t size)
{
	struct err ignored = ERR_NONE;
	CLEANUP_FILE FILE *f = file ? file_open(file, &ignored) : NULL;
	if (!f || !fgets(text, (int)size, f))
		text[0] = '\0';
	text[strcspn(text, "\r\n")] = '\0';
}

/* ---- plan and write ------------------------------------------------------- */

/* For root, whose a file is counts, too: who may write it says where the flows go. */
static bool is_guarded(const char *path)
{
	struct stat st;
	return geteuid() != 0 ||
	       (stat(path, &st) == 0 && st.st_uid == 0 && !(st.st_mode & (S_IWGRP | S_IWOTH)));
}

/* For root, the group is a part of it: efd may have come to this host after the file. */
static bool is_shared(const char *path)
{
	struct stat st;
	gid_t group = efd_group();
	return geteuid() != 0 || group == (gid_t)-1 ||
	       (stat(path, &st) == 0 && st.st_gid == group && (st.st_mode & 07777) == 0640);
}

static bool ca_is_there(const struct connection *c)
{
	return !c->ca_from ||
	       (file_says(c->ca_path, c->ca_text, c->ca_len) && is_guarded(c->ca_path));
}

static enum connection_state state_of(const struct connection *c)
{
	if (file_says(c->path, c->text.data, c->text.len) && is_guarded(c->path) &&
	    is_shared(c->path) && ca_is_there(c))
		return CONNECTION_SAME;
	if (!connection_is_here())
		return CONNECTION_ELSEWHERE;
	return access(c->path, F_OK) == 0 ? CONNECTION_UPDATE : CONNECTION_CREATE;
}

/* Known before anything is. */
static int may_be_written(const struct connection *c, struct err *err)
{
	if (c->state == CONNECTION_SAME || (file_is_plain(c->path, err) == 0 &&
					    (!c->ca_from || file_is_plain(c->ca_path, err) == 0)))
		return 0;
	return err_wrap(err, "efd's connection");
}

int connection_plan(const struct elastic_settings *elastic, const char *key_file,
		    struct connection *ret_connection, struct err *err)
{
	struct connection *c = ret_connection;
	struct elastic_settings efd = *elastic; /* borrows */
	char key[512];
	*c = (struct connection){ .overridden = json_array(),
				  .path = conf_dir_path(CONNECTION_CONFIG) };
	c->secret = elastic->proxy && strchr(elastic->proxy, '@');
	buf_init(&c->text, TEXT_MAX);
	if (!c->path)
		return err_set(err, EF_FAILED, "out of memory");
	const char *ca;
	if (plan_ca(elastic->ca_file, c, &ca, err))
		return -1;
	efd.ca_file = (char *)(uintptr_t)ca;
	CLEANUP_FREE char *key_path = key_file ? absolute(key_file) : NULL;
	if (key_file && !key_path)
		return err_set(err, EF_FAILED, "out of memory");
	if (add_text(&c->text, &efd, key_path, err))
		return -1;
	c->state = state_of(c);
	c->was = connection_namespace(elastic);
	if (c->was && strcmp(c->was, elastic->namespace) == 0)
		free(steal_ptr(c->was));
	if (c->state == CONNECTION_ELSEWHERE)
		return 0;
	if (may_be_written(c, err))
		return -1;
	first_line(key_file, key, sizeof(key));
	efd.api_key = *key ? key : NULL;
	int result = find_overrides(c->path, &efd, c->overridden, err);
	explicit_bzero(key, sizeof(key));
	return result;
}

int connection_write(struct connection *c, struct err *err)
{
	if (c->state != CONNECTION_CREATE && c->state != CONNECTION_UPDATE)
		return 0;
	CLEANUP_FREE char *folder = conf_dir_path("conf.d");
	if (!folder)
		return err_set(err, EF_FAILED, "out of memory");
	if (c->ca_from &&
	    file_write_guarded(folder, CA_NAME, c->ca_text, c->ca_len, 0644, (gid_t)-1, err))
		return -1;
	if (file_write_guarded(folder, strrchr(c->path, '/') + 1, c->text.data, c->text.len, 0640,
			       efd_group(), err))
		return -1;
	c->state = CONNECTION_WRITTEN;
	return 0;
}

static const char *text_or_none(const char *text)
{
	return text ? text : "";
}

char *connection_namespace(const struct elastic_settings *elastic)
{
	struct err ignored = ERR_NONE;
	struct elastic_settings its = { 0 };
	const struct opt_table table = connection_options(&its);
	CLEANUP_FREE char *path = conf_dir_path(CONNECTION_CONFIG);
	const struct conf_file file = { .path = path, .only = &table };
	char *name = NULL;
	const char *prefix;
	if (!path || access(path, R_OK) != 0)
		return NULL;
	if (conf_read(&table, 1, &file, &ignored) == 0 &&
	    !conf_differs(&table.rows[0], &its, elastic)) {
		const char *namespace = its.namespace ? its.namespace : "default";
		prefix = text_or_none(its.prefix);
		if (strcmp(prefix, text_or_none(elastic->prefix)) == 0)
			name = strdup(namespace);
		else if (asprintf(&name, "%s (%s%s)", namespace, *prefix ? "prefix " : "no prefix",
				  prefix) < 0)
			name = NULL;
	}
	conf_release(&table, 1);
	return name;
}

int connection_is_of(const char *path, const struct elastic_settings *elastic, struct err *err)
{
	struct elastic_settings its = { 0 };
	const struct opt_table table = connection_options(&its);
	const struct conf_file file = { .path = path, .only = &table };
	int result = conf_read(&table, 1, &file, err);
	if (result == 0)
		result = !conf_differs(&table.rows[0], &its, elastic) &&
			 strcmp(text_or_none(its.prefix), text_or_none(elastic->prefix)) == 0;
	conf_release(&table, 1);
	return result;
}

int connection_look(const struct elastic_settings *elastic, enum connection_whose *ret_whose,
		    char **ret_path, struct err *err)
{
	CLEANUP_FREE char *path = conf_dir_path(CONNECTION_CONFIG);
	enum connection_whose whose = CONNECTION_NOBODYS;
	if (!path)
		return err_set(err, EF_FAILED, "out of memory");
	if (access(path, R_OK) != 0) {
		whose = errno == EACCES ? CONNECTION_UNSEEN : CONNECTION_NOBODYS;
	} else {
		int ours = connection_is_of(path, elastic, err);
		if (ours < 0)
			return -1;
		whose = ours ? CONNECTION_OURS : CONNECTION_OTHERS;
	}
	*ret_whose = whose;
	*ret_path = steal_ptr(path);
	return 0;
}

int connection_remove(const struct elastic_settings *elastic, struct err *err)
{
	enum connection_whose whose;
	CLEANUP_FREE char *path = NULL;
	CLEANUP_FREE char *ca = conf_dir_path("conf.d/" CA_NAME);
	if (!ca)
		return err_set(err, EF_FAILED, "out of memory");
	if (connection_look(elastic, &whose, &path, err))
		return -1;
	if (whose != CONNECTION_OURS)
		return 0;
	unlink(ca); /* it need not be there */
	if (unlink(path) != 0)
		return err_errno(err, EF_FAILED, errno, "cannot remove %s", path);
	print_plain(stdout, "removed  %-20s %s\n", "efd's connection", path);
	return 0;
}

void connection_release(struct connection *c)
{
	buf_release(&c->text);
	free(c->path);
	free(c->was);
	free(c->ca_from);
	free(c->ca_path);
	free(c->ca_text);
	json_decref(c->overridden);
	*c = (struct connection){ 0 };
}

/* ---- for people ----------------------------------------------------------- */

static void print_by_hand(FILE *out, const struct connection *c)
{
	print_plain(
	    out,
	    "efd does not know this connection: %s on this host is not yours to write to, or "
	    "efd is on another one. There:\n",
	    conf_dir());
	if (c->secret) {
		print_plain(
		    out, "run the same `efctl setup` as root (the proxy's URL holds a password, so "
			 "the file is not shown)\n");
		return;
	}
	print_plain(out, "sudo install -d -m 755 %s/conf.d\n", conf_dir());
	if (c->ca_from)
		print_plain(out, "sudo install -m 644 %s %s\n", c->ca_from, c->ca_path);
	print_plain(out, "sudo install -m 640 -g efd /dev/stdin %s <<'EOF'\n", c->path);
	print_lines(out, c->text.data);
	print_plain(out, "EOF\n");
	print_plain(out, "sudo systemctl try-restart efd\n");
}

void connection_print(FILE *out, const struct connection *c)
{
	size_t i;
	json_t *text;
	struct stat st;
	if (c->state == CONNECTION_CREATE || c->state == CONNECTION_UPDATE)
		print_plain(out, "%-8s %-20s %s\n", connection_words[c->state], "efd's connection",
			    c->path);
	if (c->state == CONNECTION_UPDATE && c->was)
		print_plain(out,
			    "note: efd on this host ships to namespace %s and will to the new one; "
			    "--no-connection leaves it there\n",
			    c->was);
	if (c->state == CONNECTION_WRITTEN)
		print_plain(
		    out,
		    "efd's connection: in %s; a running efd takes it with `systemctl restart "
		    "efd`\n",
		    c->path);
	if (c->state == CONNECTION_ELSEWHERE)
		print_by_hand(out, c);
	json_array_foreach (c->state == CONNECTION_WRITTEN ? NULL : c->overridden, i, text)
		print_plain(out,
			    "note: efd reads another file later, and what that says wins: %s\n",
			    json_string_value(text));
	if (c->state == CONNECTION_WRITTEN && efd_group() == (gid_t)-1)
		print_plain(
		    out,
		    "note: there is no group efd on this host yet, who is to read %s: `make "
		    "install` makes it; run setup again then\n",
		    c->path);
	else if (c->state == CONNECTION_WRITTEN && stat(c->path, &st) == 0 &&
		 st.st_gid != efd_group())
		print_plain(out, "note: efd may not read %s: as root, chgrp efd %s\n", c->path,
			    c->path);
}
