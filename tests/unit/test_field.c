/* SPDX-License-Identifier: Apache-2.0
 * The registry of information elements: compiled rows, the user's layer, learnt elements. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/csv.h"
#include "forwarder/decode/template/field.h"

static int setup(void **state)
{
	*state = fields_new();
	return *state ? 0 : -1;
}

static int teardown(void **state)
{
	fields_free(*state);
	return 0;
}

/* Write `text` to a file of its own and load it. */
static int load(struct fields *f, const char *text, struct err *err)
{
	char path[] = "/tmp/test_field.XXXXXX";
	int fd = mkstemp(path), rc;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
	rc = fields_load_csv(f, path, err);
	unlink(path);
	return rc;
}

static void check(const struct field *field, const char *name, enum field_type type)
{
	char key[FIELD_KEY_ROOM];

	assert_non_null(field);
	assert_string_equal(field->name, name);
	assert_int_equal(field->type, type);
	assert_int_equal(field->width, field_type_width(type));
	assert_int_equal(field->key_len, snprintf(key, sizeof(key), ",\"%s\":", name));
	assert_memory_equal(field->key, key, field->key_len);
}

static void rows_are_sorted_and_named_once(void **state)
{
	assert_true(fields_count() > 3000);
	for (size_t i = 0; i < fields_count(); i++) {
		const struct field *a = fields_row(i), *b = i ? a - 1 : NULL;

		assert_ptr_equal(fields_find(*state, a->pen, a->id), a);
		check(a, a->name, (enum field_type)a->type);
		if (b)
			assert_true(b->pen < a->pen || (b->pen == a->pen && b->id < a->id));
		for (size_t j = i + 1; j < fields_count() && fields_row(j)->pen == a->pen; j++)
			if (!strcmp(a->name, fields_row(j)->name))
				fail_msg("%s twice", a->name);
	}
}

static void elements_are_found(void **state)
{
	struct fields *f = *state;

	check(fields_find(f, 0, 1), "octetDeltaCount", FIELD_UNSIGNED64);
	check(fields_find(f, 0, 8), "sourceIPv4Address", FIELD_IPV4_ADDRESS);
	check(fields_find(f, 0, 95), "applicationId", FIELD_APPLICATION_ID);
	assert_non_null(fields_find(f, 0, 533));
	check(fields_find(f, 9, 8338), "cisco.clientBytesNetwork", FIELD_UNSIGNED64);
	check(fields_find(f, 29305, 1), "reverseOctetDeltaCount", FIELD_UNSIGNED64);
	check(fields_find(f, 12326, 2), fields_find(f, 10704, 2)->name, FIELD_UNSIGNED8);
	assert_null(fields_find(f, 29305, 148)); /* RFC 5103: flowId has no reverse */
	assert_null(fields_find(f, 0, 65));
	assert_null(fields_find(f, 0, 65535));
	assert_null(fields_find(f, UINT32_MAX, UINT16_MAX));
	assert_ptr_equal(fields_find_name(f, "sourceIPv4Address"), fields_find(f, 0, 8));
	assert_null(fields_find_name(f, "noSuchElement"));
	assert_string_equal(fields_vendor(9), "cisco");
	assert_null(fields_vendor(1));
}

static void netflow9_private_types_lead_to_their_vendor(void **state)
{
	struct fields *f = *state;

	check(fields_find_netflow9(f, 1), "octetDeltaCount", FIELD_UNSIGNED64);
	check(fields_find_netflow9(f, 33002), "cisco.firewallExtendedEvent", FIELD_UNSIGNED16);
	check(fields_find_netflow9(f, 41105), "cisco.serverBytesNetwork", FIELD_UNSIGNED64);
	check(fields_find_netflow9(f, 40000), "userName", FIELD_STRING);
	check(fields_find_netflow9(f, 40002), "postNATDestinationIPv4Address", FIELD_IPV4_ADDRESS);
	check(fields_find_netflow9(f, 56701), "paloalto.appId", FIELD_STRING);
	assert_ptr_equal(fields_find_netflow9(f, 57472 + 118), fields_find(f, 35632, 118));
	assert_ptr_equal(fields_find_netflow9(f, 33623), fields_find(f, 33610, 13));
	/* above nProbe's numbers, but Cisco's by its rule */
	assert_ptr_equal(fields_find_netflow9(f, 65501), fields_find(f, 9, 32733));
	assert_ptr_equal(fields_find(f, UINT32_MAX, (57472 + 118) & 0x7fff),
			 fields_find(f, 35632, 118));
	assert_null(fields_find_netflow9(f, 32768));
	assert_null(fields_find_netflow9(f, 65535));
}

static void unknown_elements_get_a_key(void **state)
{
	char key[FIELD_KEY_ROOM];
	struct field field;

	(void)state;
	field_unknown(UINT32_MAX, UINT16_MAX, key, &field);
	check(&field, "pen4294967295.65535", FIELD_OCTET_ARRAY);
	field_unknown(0, 0, key, &field);
	check(&field, "pen0.0", FIELD_OCTET_ARRAY);
}

/* In one table; another one may replace, and one element may be told twice. */
static void two_elements_of_one_name_are_refused(void **state)
{
	struct fields *f = *state;
	struct err err = ERR_NONE;

	assert_int_equal(
	    load(f, "pen,id,name,type\n64999,1,a,string\n64999,2,b,string\n64999,1,c,string\n",
		 &err),
	    0);
	assert_int_equal(load(f, "pen,id,name,type\n64999,3,c,string\n", &err), 0);
	assert_int_equal(
	    load(f, "pen,id,name,type\n64999,7,x,string\n64999,8,y,string\n\n64999,9,x,string\n",
		 &err),
	    -1);
	assert_non_null(strstr(err.msg, ":5: \"pen64999.x\" is the name of line 2, too"));
	assert_int_equal(err.code, EF_USAGE);
}

static void users_table_adds_and_renames(void **state)
{
	struct fields *f = *state;
	struct err err = ERR_NONE;

	assert_int_equal(load(f,
			      "# ours\r\npen,id,name,type\n\n12356,7,\"policyName\",string\n"
			      "99999,1,x,unsigned8\n0,8,sourceAddress,ipv4Address\n"
			      "0,50001,acme.level,unsigned8\n99999,1,acme.y,unsigned16\n",
			      &err),
			 0);
	check(fields_find(f, 12356, 7), "fortinet.policyName", FIELD_STRING);
	check(fields_find(f, 99999, 1), "acme.y", FIELD_UNSIGNED16);
	check(fields_find(f, 0, 8), "sourceAddress", FIELD_IPV4_ADDRESS);
	check(fields_find_netflow9(f, 50001), "acme.level", FIELD_UNSIGNED8);
	check(fields_find_netflow9(f, 8), "sourceAddress", FIELD_IPV4_ADDRESS);
	assert_ptr_equal(fields_find_name(f, "acme.y"), fields_find(f, 99999, 1));
}

static void users_table_may_be_large(void **state)
{
	struct fields *f = *state;
	struct err err = ERR_NONE;
	const size_t room = 1 << 20;
	char *text = malloc(room);
	size_t len;

	len = (size_t)snprintf(text, room, "pen,id,name,type\n");
	for (int i = 0; i < 16384; i++)
		len += (size_t)snprintf(text + len, room - len, "77,%d,e%d,unsigned32\n", i, i);
	assert_int_equal(load(f, text, &err), 0);
	check(fields_find(f, 77, 16383), "pen77.e16383", FIELD_UNSIGNED32);
	assert_int_equal(load(f, "pen,id,name,type\n77,20000,e,string\n", &err), -1);
	assert_non_null(strstr(err.msg, ":2: more than 16384 elements"));
	free(text);
}

static void users_mistakes_are_named_with_their_line(void **state)
{
	static const struct {
		const char *text, *message;
	} cases[] = {
		{ "", "the first line must be" },
		{ "id,name\n", ":1: the header is not" },
		{ "pen,id,name,type\n1,2,x\n", ":2: 3 columns, 4 expected" },
		{ "pen,id,name,type\n1,70000,x,string\n",
		  ":2: \"70000\" is not a number up to 65535" },
		{ "pen,id,name,type\n\n1,,x,string\n", ":3: column 2 is empty" },
		{ "pen,id,name,type\n1,2,9x,string\n", ":2: \"9x\" is no name" },
		{ "pen,id,name,type\n1,2,x,int\n", ":2: unknown type \"int\"" },
		{ "pen,id,name,type\n1,2,\"x,string\n", ":2: quotes are not closed" },
		{ "pen,id,name,type\n1,2,"
		  "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
		  "xxxxxxxxxxxxxxxxxxxxxxxx,string\n",
		  ":2: the name is longer" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err err = ERR_NONE;

		assert_int_equal(load(*state, cases[i].text, &err), -1);
		if (!strstr(err.msg, cases[i].message))
			fail_msg("\"%s\" lacks \"%s\"", err.msg, cases[i].message);
		assert_int_equal(err.code, EF_USAGE);
	}
}

static enum fields_learn learn(struct fields *f, uint32_t pen, uint16_t id, const char *name,
			       uint8_t type)
{
	return fields_learn(f, pen, id, (const uint8_t *)name, strlen(name), type);
}

static void elements_are_learnt_once(void **state)
{
	struct fields *f = *state;
	const struct field *first;

	assert_int_equal(learn(f, 11256, 5, "ruleName", FIELD_STRING), FIELDS_LEARNT);
	first = fields_find(f, 11256, 5);
	check(first, "stormshield.ruleName", FIELD_STRING);
	assert_int_equal(learn(f, 11256, 5, "other", FIELD_UNSIGNED8), FIELDS_KNOWN);
	assert_ptr_equal(fields_find(f, 11256, 5), first);
	assert_int_equal(learn(f, 9, 8338, "mine", FIELD_STRING), FIELDS_KNOWN);
	assert_int_equal(learn(f, 0, 600, "iana", FIELD_STRING), FIELDS_REFUSED);
	assert_int_equal(learn(f, 99, 1, "a\"b", FIELD_STRING), FIELDS_REFUSED);
	assert_int_equal(learn(f, 99, 1, "", FIELD_STRING), FIELDS_REFUSED);
	assert_int_equal(learn(f, 99, 1, "cisco.x", FIELD_STRING), FIELDS_REFUSED);
	assert_int_equal(learn(f, 99, 1, "x", 24), FIELDS_REFUSED);
	assert_int_equal(fields_learn(f, 99, 1, (const uint8_t *)"name\0\0", 6, 3), FIELDS_LEARNT);
	check(fields_find(f, 99, 1), "pen99.name", FIELD_UNSIGNED32);
	for (uint16_t i = 2; i < FIELDS_LEARN_MAX; i++)
		assert_int_equal(learn(f, 99, i, "x", FIELD_STRING), FIELDS_LEARNT);
	assert_int_equal(learn(f, 99, 9999, "x", FIELD_STRING), FIELDS_FULL);
	assert_ptr_equal(fields_find(f, 11256, 5), first);
}

/* What one exporter describes is seen in its layer only, and fills only that. */
static void layers_are_apart(void **state)
{
	struct fields *base = *state, *one = fields_layer(base, 1), *two = fields_layer(base, 2);

	assert_non_null(one);
	assert_non_null(two);
	for (uint16_t i = 0; i < FIELDS_LEARN_MAX; i++)
		assert_int_equal(learn(one, 98, i, "x", FIELD_STRING), FIELDS_LEARNT);
	assert_int_equal(learn(one, 98, 9999, "x", FIELD_STRING), FIELDS_FULL);
	assert_int_equal(learn(two, 98, 1, "y", FIELD_UNSIGNED8), FIELDS_LEARNT);
	check(fields_find(one, 98, 1), "pen98.x", FIELD_STRING);
	check(fields_find(two, 98, 1), "pen98.y", FIELD_UNSIGNED8);
	assert_null(fields_find(base, 98, 1));
	assert_ptr_equal(fields_find(one, 0, 1), fields_find(base, 0, 1));
	fields_free(one);
	fields_free(two);
}

static void csv_cells(void **state)
{
	char plain[] = "a,,c", quoted[] = "\"a,\"\"b\"\"\",x", open[] = "\"a", after[] = "\"a\"b";
	char *cell[4];

	(void)state;
	assert_int_equal(csv_split(plain, cell, 4), 3);
	assert_string_equal(cell[1], "");
	assert_string_equal(cell[2], "c");
	assert_int_equal(csv_split(quoted, cell, 4), 2);
	assert_string_equal(cell[0], "a,\"b\"");
	assert_string_equal(cell[1], "x");
	assert_int_equal(csv_split(open, cell, 4), -1);
	assert_int_equal(csv_split(after, cell, 4), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(rows_are_sorted_and_named_once, setup, teardown),
		cmocka_unit_test_setup_teardown(elements_are_found, setup, teardown),
		cmocka_unit_test_setup_teardown(netflow9_private_types_lead_to_their_vendor, setup,
						teardown),
		cmocka_unit_test(unknown_elements_get_a_key),
		cmocka_unit_test_setup_teardown(two_elements_of_one_name_are_refused, setup,
						teardown),
		cmocka_unit_test_setup_teardown(users_table_adds_and_renames, setup, teardown),
		cmocka_unit_test_setup_teardown(users_table_may_be_large, setup, teardown),
		cmocka_unit_test_setup_teardown(users_mistakes_are_named_with_their_line, setup,
						teardown),
		cmocka_unit_test_setup_teardown(elements_are_learnt_once, setup, teardown),
		cmocka_unit_test_setup_teardown(layers_are_apart, setup, teardown),
		cmocka_unit_test(csv_cells),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
