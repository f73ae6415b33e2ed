/* SPDX-License-Identifier: Apache-2.0
 * Rows of exporters.csv for one port or one domain of an address. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/cleanup.h"
#include "importer/core/memory.h"
#include "importer/dictionary/dict_cell.h"
#include "importer/dictionary/dict_compile.h"

static const struct dict_column column = { .name = "prefix", .type = DICT_SENDER };

static void spellings(void **state)
{
	(void)state;
	static const struct {
		const char *text, *spelt; /* NULL: refused */
	} rows[] = {
		{ "192.0.2.1", "192.0.2.1" },
		{ "192.0.2.0/24", "192.0.2.0/24" },
		{ "192.0.2.1:040001", "192.0.2.1:40001" },
		{ "192.0.2.1#007", "192.0.2.1#7" },
		{ "192.0.2.1#4294967295", "192.0.2.1#4294967295" },
		{ "2001:DB8::1", "2001:db8::1" },
		{ "[2001:DB8::1]:2055", "[2001:db8::1]:2055" },
		{ "2001:db8::1#0", "2001:db8::1#0" },
		{ "192.0.2.1:0", NULL },
		{ "192.0.2.1:65536", NULL },
		{ "192.0.2.1:", NULL },
		{ "192.0.2.1#4294967296", NULL },
		{ "192.0.2.1#", NULL },
		{ "192.0.2.0/24:7", NULL },
		{ "[2001:db8::1]", NULL },
		{ "[2001:db8::1]:x", NULL },
		{ "192.0.2.1#7:8", NULL },
		{ "", "" },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct err err = ERR_NONE;
		CLEANUP_FREE char *text = NULL;
		int result = dict_cell_normal(&column, rows[i].text, &text, &err);
		if (rows[i].spelt && result)
			fail_msg("%s: %s", rows[i].text, err.msg);
		if (!rows[i].spelt && !result)
			fail_msg("%s is taken as %s", rows[i].text, text);
		if (rows[i].spelt)
			assert_string_equal(text, rows[i].spelt);
	}
	assert_string_equal(dict_cell_which("192.0.2.1:40001"), ":40001");
	assert_string_equal(dict_cell_which("[2001:db8::1]:2055"), ":2055");
	assert_string_equal(dict_cell_which("2001:db8::1#0"), "#0");
	assert_string_equal(dict_cell_which("2001:db8::1"), "");
	assert_string_equal(dict_cell_which("192.0.2.0/24"), "");
}

static void says(const struct dict_records *records, const char *address, const char *expected)
{
	struct err err = ERR_NONE;
	struct prefix p;
	dict_address first;
	unsigned bits;
	const struct dict_record *found = NULL;
	assert_int_equal(prefix_parse(address, false, &p, &err), 0);
	enum dict_family family = dict_number(&p, &first, &bits);
	for (size_t i = 0; i < records->n; i++)
		if (records->record[i].family == family && records->record[i].first <= first)
			found = &records->record[i];
	assert_non_null(found);
	CLEANUP_FREE char *text = json_dumps(found->value, JSON_COMPACT | JSON_SORT_KEYS);
	assert_string_equal(text, expected);
}

/* A table of senders alone takes no prefix, and some columns only certain words. */
static void what_is_refused(void **state)
{
	(void)state;
	static const struct {
		const char *kind, *text, *why; /* NULL: taken */
	} rows[] = {
		{ "interfaces", "exporter,interface\n192.0.2.1:40001,3\n[2001:db8::1]:1,4\n",
		  NULL },
		{ "interfaces", "exporter,interface\n192.0.2.0/24,3\n", "is not an address" },
		{ "sampling", "exporter,interface,rate\n192.0.2.1#7,,100\n", NULL },
		{ "sampling", "exporter,interface,rate\n192.0.2.0/24,,100\n", "is not an address" },
		{ "sampling", "exporter,interface,rate\n192.0.2.1,,16777215\n", NULL },
		{ "sampling", "exporter,interface,rate\n192.0.2.1,,16777216\n",
		  "is not a whole number from 1 to 16777215" },
		{ "interfaces", "exporter,interface,meters\n192.0.2.1,3,Both\n", NULL },
		{ "interfaces", "exporter,interface,meters\n192.0.2.1,3,bot\n",
		  "\"bot\" is none of these words: ingress egress both" },
		{ "exporters", "prefix,out,meters\n192.0.2.1,copy,egress\n", NULL },
		{ "exporters", "prefix,out\n192.0.2.1,reversed\n", "none of these words" },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct err err = ERR_NONE;
		struct dict_rows read;
		dict_rows_init(&read, dict_kind_find(rows[i].kind));
		int result =
		    dict_rows_read(&read, rows[i].text, strlen(rows[i].text), "test", &err);
		if (!rows[i].why && result)
			fail_msg("%s: %s", rows[i].text, err.msg);
		if (rows[i].why && (!result || !strstr(err.msg, rows[i].why)))
			fail_msg("%s: %s", rows[i].text, result ? err.msg : "taken");
		dict_rows_release(&read);
	}
}

/* What a row leaves open its address says, or the prefix around that. */
static void rows_by_port_and_domain(void **state)
{
	(void)state;
	static const char text[] = "prefix,name,site\n192.0.2.0/24,,Berlin\n192.0.2.1:40001,a,\n"
				   "192.0.2.1,nat,\n192.0.2.1#7,c,\n192.0.2.2:2055,b,Rack\n"
				   "[2001:db8::1]:2055,d,\n2001:db8::1#0,e,\n";
	struct err err = ERR_NONE;
	struct dict_rows rows;
	struct dict_records records;
	dict_rows_init(&rows, dict_kind_find("exporters"));
	assert_int_equal(dict_rows_read(&rows, text, sizeof(text) - 1, "test", &err), 0);
	assert_int_equal(dict_compile_records(&rows, NULL, &records, &err), 0);
	says(&records, "192.0.2.1",
	     "{\"name\":\"nat\",\"senders\":{\"#7\":{\"name\":\"c\"},\":40001\":{\"name\":\"a\"}},"
	     "\"site\":\"Berlin\"}");
	says(&records, "192.0.2.2",
	     "{\"senders\":{\":2055\":{\"name\":\"b\",\"site\":\"Rack\"}},\"site\":\"Berlin\"}");
	says(&records, "192.0.2.3", "{\"site\":\"Berlin\"}");
	says(&records, "2001:db8::1",
	     "{\"senders\":{\"#0\":{\"name\":\"e\"},\":2055\":{\"name\":\"d\"}}}");
	dict_records_release(&records);
	dict_rows_release(&rows);
}

static void interfaces_by_port_and_domain(void **state)
{
	(void)state;
	static const char text[] = "exporter,interface,name\n192.0.2.1,3,a\n192.0.2.1#7,3,b\n"
				   "192.0.2.1#7,4,c\n192.0.2.1:40001,3,d\n[2001:db8::1]:2055,3,e\n";
	struct err err = ERR_NONE;
	struct dict_rows rows;
	struct dict_records records;
	dict_rows_init(&rows, dict_kind_find("interfaces"));
	assert_int_equal(dict_rows_read(&rows, text, sizeof(text) - 1, "test", &err), 0);
	assert_int_equal(dict_compile_records(&rows, NULL, &records, &err), 0);
	says(&records, "192.0.2.1",
	     "{\"3\":{\"name\":\"a\"},\"senders\":{\"#7\":{\"3\":{\"name\":\"b\"},\"4\":{\"name\":"
	     "\"c\"}},\":40001\":{\"3\":{\"name\":\"d\"}}}}");
	says(&records, "2001:db8::1", "{\"senders\":{\":2055\":{\"3\":{\"name\":\"e\"}}}}");
	dict_records_release(&records);
	dict_rows_release(&rows);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(spellings),
		cmocka_unit_test(what_is_refused),
		cmocka_unit_test(rows_by_port_and_domain),
		cmocka_unit_test(interfaces_by_port_and_domain),
	};
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
