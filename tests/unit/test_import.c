/* SPDX-License-Identifier: Apache-2.0
 * Names of hosts out of other programs' files: zones, leases, hosts files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "importer/core/files.h"
#include "importer/dictionary/import.h"
#include "importer/dictionary/import_names.h"

typedef int reader(struct import *im, const char *path, struct err *err);

/* What the file `name` with that text gives, and how many lines it could not use. */
static void expect(reader *read, const char *name, const char *text, const char *rows,
		   size_t skipped)
{
	struct err err = ERR_NONE;
	char dir[] = "/tmp/test_import.XXXXXX", path[64], *out = NULL;
	size_t len = 0;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	assert_int_equal(file_write(path, text, strlen(text), 0600, &err), 0);
	struct import im = { .out = open_memstream(&out, &len), .seen = json_object() };
	int result = read(&im, path, &err);
	fclose(im.out);
	json_decref(im.seen);
	unlink(path);
	rmdir(dir);
	if (result)
		fail_msg("%s", err.msg);
	assert_string_equal(out, rows);
	assert_int_equal(im.skipped, skipped);
	free(out);
}

/* RFC 1035 section 5.1: TTL and class in any order, owners that are left out, and records in
 * parentheses over several lines. */
static void zones(void **state)
{
	(void)state;
	expect(import_zone, "example.org.zone",
	       "@ 3600 IN SOA ns hostmaster (\n"
	       "  1 ; serial\n"
	       "  A 2 3 4 )\n"
	       "www 300 IN A 192.0.2.1\n"
	       "    IN 300 AAAA 2001:db8::1\n"
	       "mail A 192.0.2.2 ; A 192.0.2.99\n"
	       "text TXT \"a ; b ( c\"\n"
	       "after A 192.0.2.3\n"
	       "$ORIGIN lab\n"
	       "pc A 192.0.2.4\n"
	       "whole.example.net. A 192.0.2.5\n"
	       "$INCLUDE more\n",
	       "192.0.2.1,www.example.org\n"
	       "2001:db8::1,www.example.org\n"
	       "192.0.2.2,mail.example.org\n"
	       "192.0.2.3,after.example.org\n"
	       "192.0.2.4,pc.lab.example.org\n"
	       "192.0.2.5,whole.example.net\n",
	       1);
}

/* dhcpd.leases(5): the last block of an address counts, and of it the state now, neither the next
 * nor the one that it goes back to. */
static void isc_leases(void **state)
{
	(void)state;
	expect(import_leases, "dhcpd.leases",
	       "lease 192.0.2.1 {\n"
	       "  binding state active;\n"
	       "  next binding state free;\n"
	       "  rewind binding state free;\n"
	       "  client-hostname \"one\";\n"
	       "}\n"
	       "lease 192.0.2.2 {\n"
	       "  binding state free;\n"
	       "  rewind binding state active;\n"
	       "  client-hostname \"two\";\n"
	       "}\n"
	       "lease 192.0.2.3 {\n  binding state active;\n  client-hostname \"three\";\n}\n"
	       "lease 192.0.2.3 {\n  binding state free;\n  client-hostname \"three\";\n}\n",
	       "192.0.2.1,one\n", 0);
}

static void other_leases(void **state)
{
	(void)state;
	expect(import_leases, "kea.csv",
	       "address,hwaddr,valid_lifetime,hostname,state\n"
	       "192.0.2.1,x,3600,one.example.org.,0\n"
	       "192.0.2.2,x,3600,two,1\n"
	       "192.0.2.3,x,0,three,0\n"
	       "192.0.2.4,x\n",
	       "192.0.2.1,one.example.org\n", 1);
	expect(import_leases, "dnsmasq.leases",
	       "1700000000 02:00:00:00:00:01 192.0.2.1 one *\n"
	       "1700000000 02:00:00:00:00:02 192.0.2.2 * *\n"
	       "duid 00:01:00:01\n",
	       "192.0.2.1,one\n", 0);
}

static void hosts(void **state)
{
	(void)state;
	expect(import_hosts, "hosts",
	       "127.0.0.1 localhost\n::1 localhost\n192.0.2.1 one alias # two\n"
	       "192.0.2.1 again\nnonsense here\n# 192.0.2.9 no\n",
	       "192.0.2.1,one\n", 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(zones),
		cmocka_unit_test(isc_leases),
		cmocka_unit_test(other_leases),
		cmocka_unit_test(hosts),
	};
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
