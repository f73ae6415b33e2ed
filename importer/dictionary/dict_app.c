/* SPDX-License-Identifier: Apache-2.0
 * Dictionaries in efctl: their options, and the set that the settings mean. */
#include "importer/dictionary/dict_app.h"

#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/conf_dir.h"

#define AT(field) offsetof(struct dictionary_settings, field)

static const struct opt dictionary_rows[] = {
	{ .name = "dictionaries.dir",
	  .type = OPT_TEXT,
	  .check = conf_check_line,
	  .offset = AT(dir),
	  .arg = "DIR",
	  .help = "Your CSV files, laid over the defaults row by row (docs/dictionaries.md). "
		  "Downloaded feeds are kept below it. Without it, " CONF_DIR "/" DICT_DIR "." },
	{ .name = "dictionaries.mmdb",
	  .type = OPT_LIST,
	  .check = conf_check_line,
	  .offset = AT(mmdb),
	  .flag = "mmdb",
	  .arg = "FILE,…",
	  .help = "MMDB files that `efctl dictionaries lookup` reads." },
	{ .name = "inventory.file",
	  .type = OPT_TEXT,
	  .check = conf_check_line,
	  .offset = AT(inventory),
	  .arg = "FILE",
	  .help =
	      "The sources that `efctl inventory` asks (docs/inventory.md). Without it, " CONF_DIR
	      "/" INVENTORY_FILE "." },
};

struct opt_table dictionary_options(struct dictionary_settings *s)
{
	return (
	    struct opt_table){ .title = "Dictionaries", OPT_ROWS(dictionary_rows), .settings = s };
}

const char *dict_dir(const struct app *app)
{
	const char *dir = app->dictionaries.dir;
	CLEANUP_FREE char *usual = conf_dir_path(DICT_DIR);

	if (dir && usual && strcmp(dir, usual) == 0 && access(dir, F_OK))
		return NULL;
	return dir;
}

int dict_open(const struct app *app, struct dict_set **ret_set, struct err *err)
{
	if (dict_set_open(app->assets, dict_dir(app), ret_set, err) ||
	    dict_set_choose(*ret_set, &app->setup.feeds, err))
		return -1;
	dict_set_prefix(*ret_set, app->elastic.prefix);
	return 0;
}
