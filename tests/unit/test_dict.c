/* SPDX-License-Identifier: Apache-2.0
 * The embedded dictionaries compile, users' rows lie over them, and every mistake is named with its
 * line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "importer/assets/asset.h"
#include "importer/core/files.h"
#include "importer/dictionary/dict.h"
#include "importer/dictionary/dict_pack.h"
#include "importer/dictionary/dict_table.h"

struct fixture {
	struct assets *assets;
	char dir[64];
};

static int setup(void **state)
{
	static struct fixture f;
	struct err err;

	if (assets_open(NULL, &f.assets, &err))
		return -1;
	*state = &f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	assets_free(f->assets);
	return 0;
}

static struct dict_set *open_set(struct fixture *f, const char *dir)
{
	struct dict_set *set = NULL;
	struct err err = ERR_NONE;

	if (dict_set_open(f->assets, dir, &set, &err))
		fail_msg("%s", err.msg);
	return set;
}

static json_t *table(struct dict_set *set, const char *name)
{
	struct err err = ERR_NONE;
	json_t *json = NULL;

	if (dict_table(set, name, &json, &err))
		fail_msg("%s", err.msg);
	return json;
}

/* As the files in the fixture's folder make it. */
static json_t *table_of(struct fixture *f, const char *name)
{
	CLEANUP_DICT_SET struct dict_set *set = open_set(f, f->dir);
	return table(set, name);
}

static void make_dir(struct fixture *f)
{
	snprintf(f->dir, sizeof(f->dir), "/tmp/test_dict.XXXXXX");
	assert_non_null(mkdtemp(f->dir));
}

static void write_csv(struct fixture *f, const char *name, const char *text)
{
	struct err err = ERR_NONE;

	if (file_write_below(f->dir, name, text, strlen(text), 0644, &err))
		fail_msg("%s", err.msg);
}

/* For a large one: written by who called, who closes it. */
static FILE *open_csv(struct fixture *f, const char *name)
{
	char path[200];
	FILE *out;

	snprintf(path, sizeof(path), "%s/%s", f->dir, name);
	out = fopen(path, "w");
	assert_non_null(out);
	return out;
}

static void remove_dir(struct fixture *f)
{
	char command[100];

	snprintf(command, sizeof(command), "rm -r %s", f->dir);
	assert_int_equal(system(command), 0);
}

static void defaults_compile(void **state)
{
	CLEANUP_DICT_SET struct dict_set *set = open_set(*state, NULL);
	size_t total = 0;

	for (size_t i = 0; i < dict_kinds_len; i++) {
		struct err err = ERR_NONE;
		struct dict_info info;

		if (dict_info(set, dict_kinds[i].name, &info, &err))
			fail_msg("%s", err.msg);
		assert_int_equal(info.own_rows, 0);
		assert_int_equal(info.pipelines, 0);
		total += info.bytes;
	}
	assert_in_range(total, 1, 400 * 1024);
}

static void defaults_say_what_is_known(void **state)
{
	CLEANUP_DICT_SET struct dict_set *set = open_set(*state, NULL);
	CLEANUP_JSON json_t *protocols = table(set, "protocols"), *icmp = table(set, "icmp");
	CLEANUP_JSON json_t *dscp = table(set, "dscp"), *flags = table(set, "tcp-flags");
	CLEANUP_JSON json_t *apps = table(set, "appids");

	assert_string_equal(json_string_value(json_array_get(protocols, 6)), "tcp");
	assert_string_equal(json_string_value(json_array_get(protocols, 58)), "ipv6-icmp");
	assert_string_equal(json_string_value(json_array_get(dscp, 46)), "EF");
	assert_true(json_is_null(json_array_get(dscp, 2)));
	assert_string_equal(json_string_value(json_array_get(flags, 1)), "SYN");
	assert_string_equal(json_string_value(json_object_get(icmp, "ipv4/8")),
			    "Echo (ping) request");
	assert_non_null(json_object_get(icmp, "ipv4/3/1"));
	assert_non_null(json_object_get(apps, "13:0"));
}

static void elements_have_paths_and_ends(void **state)
{
	struct fixture *f = *state;
	make_dir(f);
	write_csv(f, "elements.csv",
		  "element,conversion,field\nacme.x,id,flow.acme.x\nflowId,drop,\n");
	CLEANUP_JSON json_t *elements = table_of(f, "elements"),
			    *ends = table_of(f, "address-elements");
	CLEANUP_JSON json_t *got =
	    json_pack("[O,O,O,O,O]", json_object_get(elements, "ntop.shortestFlowPkt"),
		      json_object_get(elements, "acme.x"), json_object_get(elements, "flowId"),
		      json_array_get(json_object_get(ends, "source_ip"), 0),
		      json_array_get(json_object_get(ends, "exporter_ip"), 1));
	CLEANUP_JSON json_t *want = json_pack("[[s,s,s,s],[s,s,s,s],[s],s,s]", "long", "flow",
					      "length", "min", "id", "flow", "acme", "x", "drop",
					      "sourceIPv4Address", "originalExporterIPv6Address");
	assert_true(json_equal(got, want));
	remove_dir(f);
}

static void rows_overlay_replace_and_remove(void **state)
{
	struct fixture *f = *state;
	CLEANUP_JSON json_t *json = NULL;

	make_dir(f);
	write_csv(f, "dscp.csv",
		  "\xef\xbb\xbfkeyword,value\r\n# a comment\r\n\r\nGOLD,046\r\n-,8\r\nMINE,63\r\n");
	json = table_of(f, "dscp");
	assert_string_equal(json_string_value(json_array_get(json, 46)), "GOLD");
	assert_true(json_is_null(json_array_get(json, 8)));
	assert_string_equal(json_string_value(json_array_get(json, 10)), "AF11");
	assert_string_equal(json_string_value(json_array_get(json, 63)), "MINE");
	remove_dir(f);
}

static void mistakes_have_a_line(void **state)
{
	static const struct {
		const char *file, *text, *message;
	} cases[] = {
		{ "dscp", "", "dscp.csv is empty" },
		{ "dscp", "value,key\n", "dscp.csv:1: unknown column \"key\"" },
		{ "dscp", "value,name\n", "column \"keyword\" is missing" },
		{ "dscp", "value,keyword,value\n", "is there twice" },
		{ "dscp", "value,keyword\n64,X\n",
		  ":2: \"64\" is not a whole number from 0 to 63" },
		{ "dscp", "value,keyword\n1,X\n\n01,Y\n", ":4: the same key as in line 2" },
		{ "dscp", "value,keyword\n1,\"X\n", ":2: a quote is not closed" },
		{ "dscp", "value,keyword\n1\n", ":2: 1 columns, the header has 2" },
		{ "dscp", "value,keyword\n1,\n", ":2: column keyword is empty" },
		{ "tcp-flags", "mask,keyword\n3,X\n", ":2: 3 is not a power of two" },
		{ "networks", "prefix,name\n10.0.0.1/8,X\n", ":2: " },
		{ "networks", "prefix,name\n::ffff:10.0.0.0/104,X\n", "write it as IPv4" },
		{ "networks", "prefix,latitude\n10.0.0.0/8,91\n", "not a number from -90 to 90" },
		{ "networks", "prefix,internal\n10.0.0.0/8,maybe\n", "neither true nor false" },
		{ "hosts", "address,name\n10.0.0.0/8,X\n", "is not an address" },
		{ "applications", "prefix,protocol,port,application\n,tcp,9-7,X\n", "not a port" },
		{ "applications", "prefix,protocol,port,application\n,tcp,1-9999,X\n",
		  "applications.csv:2: a range of 9999 ports, 4096 at most" },
		{ "applications", "prefix,protocol,port,application\n,TCP,1,X\n,6,1,X\n",
		  "applications.csv:3: no protocol is called \"6\"" },
		{ "services", "port,transport,name\n1,tpc,X\n", "no protocol is called \"tpc\"" },
		{ "threats", "prefix,feed\n198.51.100.0/8,own\n", "has bits set" },
		{ "threats", "prefix,feed\n128.0.0.0/1,own\n",
		  "threats.csv:2: 128.0.0.0/1 is shorter" },
		{ "threats", "prefix,feed\n::/0,own\n", "threats.csv:2: ::/0 is shorter" },
		{ "hosts", "address;name\n10.0.0.1;X\n",
		  "hosts.csv:1: unknown column \"address;name\" in the header; there are "
		  "address,name,services" },
		{ "hosts", "address,name,services\n10.0.0.1,X,https\n",
		  "hosts.csv:2: \"https\" is no port" },
		{ "networks", "prefix,services\n10.0.0.0/8,53 tcp/70000\n",
		  "\"tcp/70000\" is no port" },
		{ "oui", "prefix,vendor\n00:00,X\n", "is not a MAC prefix" },
		{ "oui", "prefix,vendor\n00:00:01/20,X\n", "bits behind its length" },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err err = ERR_NONE;
		json_t *json = NULL;
		char path[64];

		make_dir(f);
		snprintf(path, sizeof(path), "%s.csv", cases[i].file);
		write_csv(f, path, cases[i].text);
		CLEANUP_DICT_SET struct dict_set *set = open_set(f, f->dir);
		assert_int_equal(dict_table(set, cases[i].file, &json, &err), -1);
		if (!strstr(err.msg, cases[i].message) || err.code != EF_USAGE)
			fail_msg("\"%s\" expected in \"%s\"", cases[i].message, err.msg);
		remove_dir(f);
	}
}

static json_t *look_up(const json_t *json, const char *address)
{
	struct prefix p;
	struct err err;
	dict_address first;
	unsigned bits;
	enum dict_family family;

	assert_int_equal(prefix_parse(address, false, &p, &err), 0);
	family = dict_number(&p, &first, &bits);
	return dict_table_row(json, family, first);
}

static void assert_row(const json_t *json, const char *address, const char *expected)
{
	CLEANUP_JSON json_t *row = look_up(json, address);
	CLEANUP_FREE char *text = row ? json_dumps(row, JSON_COMPACT | JSON_SORT_KEYS) : NULL;

	if (expected ? !text || strcmp(text, expected) != 0 : text != NULL)
		fail_msg("%s: %s, expected %s", address, text ? text : "nothing",
			 expected ? expected : "nothing");
}

static void networks_inherit(void **state)
{
	struct fixture *f = *state;
	CLEANUP_JSON json_t *json = NULL;

	make_dir(f);
	write_csv(f, "networks.csv",
		  "prefix,name,site,internal,as_number,latitude\n"
		  "10.1.0.0/16,,Berlin,true,64512,52.5\n"
		  "10.1.2.0/24,voice,,,,\n"
		  "10.1.2.9,pbx,Rack,false,,\n"
		  "2001:db8::/32,v6,,,,\n");
	json = table_of(f, "networks");
	assert_row(json, "10.0.255.255", NULL);
	assert_row(json, "10.2.0.0", NULL);
	assert_row(json, "10.1.2.9",
		   "{\"as_number\":64512,\"bits\":32,\"internal\":false,\"latitude\":52.5,\"name\":"
		   "\"pbx\","
		   "\"site\":\"Rack\"}");
	assert_row(json, "10.1.2.10",
		   "{\"as_number\":64512,\"bits\":24,\"internal\":true,\"latitude\":52.5,\"name\":"
		   "\"voice\","
		   "\"site\":\"Berlin\"}");
	assert_row(json, "2001:db8:ffff::1", "{\"name\":\"v6\"}");
	remove_dir(f);
}

/* 20,000 networks with names of their own stay in the pipeline `flow`, and each of them is
 * found. */
static void many_networks_fit(void **state)
{
	struct fixture *f = *state;
	CLEANUP_JSON json_t *json = NULL;
	struct dict_info info;
	struct err err = ERR_NONE;
	FILE *out;

	make_dir(f);
	out = open_csv(f, "networks.csv");
	fputs("prefix,name,site,role\n", out);
	for (int i = 0; i < 20000; i++)
		fprintf(out, "10.%d.%d.0/24,net %d,site %d,%s\n", i % 250, i / 250, i, i % 250,
			i % 3 ? "servers" : "clients");
	fclose(out);
	{
		CLEANUP_DICT_SET struct dict_set *set = open_set(f, f->dir);
		if (dict_info(set, "networks", &info, &err))
			fail_msg("%s", err.msg);
		json = table(set, "networks");
	}
	assert_int_equal(info.pipelines, 0);
	assert_in_range(info.bytes, 1, DICT_INLINE_MAX);
	for (int i = 0; i < 20000; i += 997) {
		char address[32], expected[128];
		snprintf(address, sizeof(address), "10.%d.%d.77", i % 250, i / 250);
		snprintf(expected, sizeof(expected),
			 "{\"bits\":24,\"name\":\"net %d\",\"role\":\"%s\",\"site\":\"site %d\"}",
			 i, i % 3 ? "servers" : "clients", i % 250);
		assert_row(json, address, expected);
	}
	assert_row(json, "10.250.0.1", NULL);
	remove_dir(f);
}

static void write_threats(struct fixture *f, int n)
{
	FILE *out = open_csv(f, "threats.csv");

	fputs("prefix,feed,category\n", out);
	for (int i = 0; i < n; i++)
		fprintf(out, "45.%d.%d.%d,own,c2\n", i >> 15, i >> 7 & 255, i << 1 & 255);
	fclose(out);
}

/* Tables that cannot leave `flow` take room from those that can, and have a ceiling of their
 * own. */
static void what_stays_takes_room(void **state)
{
	struct fixture *f = *state;
	struct dict_info info;

	for (int rows = 6000; rows <= 60000; rows *= 10) {
		struct err err = ERR_NONE;
		FILE *out;

		make_dir(f);
		out = open_csv(f, "sampling.csv");
		fputs("exporter,interface,rate\n", out);
		for (int i = 0; i < rows; i++)
			fprintf(out, "10.0.%d.%d,%d,1000\n", i / 48 / 250, i / 48 % 250, i % 48);
		fclose(out);
		write_threats(f, 100000);
		CLEANUP_DICT_SET struct dict_set *set = open_set(f, f->dir);
		if (rows == 6000) {
			assert_int_equal(dict_info(set, "threats", &info, &err), 0);
			assert_true(info.pipelines > 0);
		} else {
			assert_int_equal(dict_info(set, "threats", &info, &err), -1);
			assert_non_null(strstr(err.msg, "sampling alone"));
		}
		remove_dir(f);
	}
}

/* Each exporter has its interfaces; those of a large network are in pipelines of their own. */
static void interfaces_by_exporter(void **state)
{
	struct fixture *f = *state;
	CLEANUP_JSON json_t *few = NULL;
	struct dict_info info;
	struct err err = ERR_NONE;
	FILE *out;

	make_dir(f);
	write_csv(f, "interfaces.csv",
		  "exporter,interface,name,alias,speed,role\n10.0.0.1,3,Gi3,uplink,1000,wan\n"
		  "2001:db8::1,3,xe-3,,,\n10.0.0.1,4,Gi4,,,\n");
	few = table_of(f, "interfaces");
	assert_row(few, "10.0.0.1",
		   "{\"3\":{\"alias\":\"uplink\",\"name\":\"Gi3\",\"role\":\"wan\",\"speed\":1000},"
		   "\"4\":{\"name\":\"Gi4\"}}");
	assert_row(few, "2001:db8::1", "{\"3\":{\"name\":\"xe-3\"}}");
	assert_row(few, "10.0.0.2", NULL);

	out = open_csv(f, "interfaces.csv");
	fputs("exporter,interface,name,alias,speed,role\n", out);
	for (int i = 0; i < 48 * 600; i++)
		fprintf(out,
			"10.0.%d.%d,%d,GigabitEthernet0/0/%d,to customer %d,1000000000,access\n",
			i / 48 / 250, i / 48 % 250, i % 48, i % 48, i);
	fclose(out);
	CLEANUP_DICT_SET struct dict_set *set = open_set(f, f->dir);
	if (dict_info(set, "interfaces", &info, &err))
		fail_msg("%s", err.msg);
	assert_true(info.pipelines > 2);
	remove_dir(f);
}

static void threats_join_and_are_allowed(void **state)
{
	struct fixture *f = *state;
	CLEANUP_JSON json_t *json = NULL;

	make_dir(f);
	write_csv(f, "threats.csv",
		  "prefix,feed,category,severity\n"
		  "203.0.113.0/24,a,scanner,40\n203.0.113.7,b,c2,90\n203.0.113.7,a,scanner,40\n"
		  "198.51.100.9,a,c2,90\n198.51.100.8,a,c2,90\n"
		  "192.0.2.0/24,a,scanner,80\n192.0.2.7,b,c2,30\n");
	write_csv(f, "threat-allow.csv",
		  "prefix,note\n198.51.100.8/31,ours\n203.0.113.128/25,ours\n");
	json = table_of(f, "threats");
	assert_row(json, "203.0.113.7",
		   "{\"category\":[\"scanner\",\"c2\"],\"feed\":[\"a\",\"b\"],\"severity\":90}");
	assert_row(json, "203.0.113.127",
		   "{\"category\":[\"scanner\"],\"feed\":[\"a\"],\"severity\":40}");
	assert_row(json, "192.0.2.7",
		   "{\"category\":[\"c2\",\"scanner\"],\"feed\":[\"b\",\"a\"],\"severity\":80}");
	assert_row(json, "203.0.113.128", NULL);
	assert_row(json, "198.51.100.8", NULL);
	assert_row(json, "198.51.100.9", NULL);
	assert_row(json, "198.51.100.10", NULL);
	remove_dir(f);
}

static void applications_by_port(void **state)
{
	struct fixture *f = *state;
	CLEANUP_JSON json_t *json = NULL;

	make_dir(f);
	write_csv(f, "applications.csv",
		  "prefix,protocol,port,application\n,TCP,9092,kafka\n"
		  "10.0.0.0/8,,8000-8001,web\n10.0.0.5,tcp,,all\n");
	json = table_of(f, "applications");
	assert_row(json, "11.0.0.1", "{\"tcp/9092\":\"kafka\"}");
	assert_row(json, "2001:db8::1", "{\"tcp/9092\":\"kafka\"}");
	assert_row(json, "10.0.0.5",
		   "{\"/8000\":\"web\",\"/8001\":\"web\",\"tcp/\":\"all\",\"tcp/9092\":\"kafka\"}");
	remove_dir(f);
}

static void narrower_range_of_ports_wins(void **state)
{
	struct fixture *f = *state;
	CLEANUP_JSON json_t *json = NULL;

	make_dir(f);
	write_csv(f, "applications.csv",
		  "prefix,protocol,port,application\n,tcp,81,one\n,tcp,80-83,four\n"
		  ",tcp,81-82,two\n");
	json = table_of(f, "applications");
	assert_row(
	    json, "11.0.0.1",
	    "{\"tcp/80\":\"four\",\"tcp/81\":\"one\",\"tcp/82\":\"two\",\"tcp/83\":\"four\"}");
	remove_dir(f);
}

static void threat_without_category(void **state)
{
	struct fixture *f = *state;
	CLEANUP_JSON json_t *json = NULL;

	make_dir(f);
	write_csv(f, "threats.csv", "prefix,feed,severity\n203.0.113.9,own,90\n");
	json = table_of(f, "threats");
	assert_row(json, "203.0.113.9",
		   "{\"category\":[\"other\"],\"feed\":[\"own\"],\"severity\":90}");
	remove_dir(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults_compile),
		cmocka_unit_test(defaults_say_what_is_known),
		cmocka_unit_test(elements_have_paths_and_ends),
		cmocka_unit_test(rows_overlay_replace_and_remove),
		cmocka_unit_test(mistakes_have_a_line),
		cmocka_unit_test(networks_inherit),
		cmocka_unit_test(many_networks_fit),
		cmocka_unit_test(what_stays_takes_room),
		cmocka_unit_test(interfaces_by_exporter),
		cmocka_unit_test(threats_join_and_are_allowed),
		cmocka_unit_test(applications_by_port),
		cmocka_unit_test(narrower_range_of_ports_wins),
		cmocka_unit_test(threat_without_category),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
