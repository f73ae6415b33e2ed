/* SPDX-License-Identifier: Apache-2.0
 * Pseudonyms of addresses: Crypto-PAn as its authors' program has it, prefixes, ranges; texts and
 * MAC addresses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>

#include "importer/capture/pseudonym.h"
#include "tests/lib/rng.h"

/* Of the sample that comes with the authors' program. */
static const uint8_t sample_key[PSEUDONYM_KEY] = { 21,  34,  23,  141, 51,  164, 207, 128,
						   19,  10,  91,  22,  73,  144, 125, 16,
						   216, 152, 143, 131, 121, 121, 101, 39,
						   98,  87,  76,  45,  42,  132, 34,  2 };

static struct pseudonyms *start(void)
{
	struct pseudonyms *p;
	struct err err = ERR_NONE;
	assert_int_equal(pseudonyms_new(sample_key, &p, &err), 0);
	return p;
}

static struct ip ip(const char *text)
{
	struct ip ip;
	struct err err = ERR_NONE;
	assert_int_equal(ip_parse(text, &ip, &err), 0);
	return ip;
}

static struct ip mapped(struct pseudonyms *p, const char *text)
{
	struct ip in = ip(text), out;
	pseudonym_ip(p, &in, &out);
	return out;
}

static void authors_sample(void **state)
{
	static const char *const rows[][2] = {
		{ "128.11.68.132", "135.242.180.132" },   { "129.118.74.4", "134.136.186.123" },
		{ "130.132.252.244", "133.68.164.234" },  { "141.223.7.43", "141.167.8.160" },
		{ "141.233.145.108", "141.129.237.235" }, { "152.163.225.39", "151.140.114.167" },
		{ "156.29.3.236", "147.225.12.42" },      { "165.247.96.84", "162.9.99.234" },
		{ "192.102.249.13", "252.138.62.131" },   { "24.0.250.221", "100.15.198.226" },
		{ "38.15.67.68", "64.3.66.187" },         { "4.3.88.225", "124.60.155.63" },
	};
	struct pseudonyms *p = start();
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct ip in = ip(rows[i][0]), want = ip(rows[i][1]);
		uint8_t out[4];
		pseudonym_pan(p, in.b + 12, out);
		assert_memory_equal(out, want.b + 12, 4);
	}
	pseudonyms_free(p);
}

static unsigned in_common(const struct ip *a, const struct ip *b)
{
	unsigned n = 0;
	while (n < 128 && ((a->b[n / 8] ^ b->b[n / 8]) >> (7 - n % 8) & 1) == 0)
		n++;
	return n;
}

/* Addresses that share from 16 (IPv4) or any number of bits (IPv6) do so afterwards, in `base`. */
static void check_prefixes(struct pseudonyms *p, struct rng *rng, const char *base, unsigned least)
{
	for (int i = 0; i < 2000; i++) {
		struct ip a = ip(base), b, am, bm;
		unsigned bits = least + (unsigned)rng_below(rng, 128 - least);
		for (unsigned k = least; k < 128; k++)
			a.b[k / 8] ^= (uint8_t)(rng_below(rng, 2) << (7 - k % 8));
		b = a;
		b.b[bits / 8] ^= (uint8_t)(1 << (7 - bits % 8));
		for (unsigned k = bits + 1; k < 128; k++)
			b.b[k / 8] ^= (uint8_t)(rng_below(rng, 2) << (7 - k % 8));
		pseudonym_ip(p, &a, &am);
		pseudonym_ip(p, &b, &bm);
		assert_int_equal(in_common(&a, &b), in_common(&am, &bm));
		assert_false(ip_equal(&a, &am));
	}
}

static void prefixes_stay(void **state)
{
	struct pseudonyms *p = start();
	struct rng rng = { 1 };
	(void)state;
	check_prefixes(p, &rng, "198.51.0.0", 96 + 16);
	check_prefixes(p, &rng, "10.0.0.0", 96 + 8);
	check_prefixes(p, &rng, "172.16.0.0", 96 + 12);
	check_prefixes(p, &rng, "2001:db8::", 3);
	check_prefixes(p, &rng, "fd00::", 8);
	pseudonyms_free(p);
}

static void ranges_stay(void **state)
{
	static const char *const same[] = { "0.0.0.0",          "127.0.0.1", "255.255.255.255",
					    "224.0.0.251",      "::",        "::1",
					    "::ffff:127.0.0.1", "ff02::fb" };
	static const char *const within[] = { "10.0.0.0/8",     "192.168.0.0/16", "100.64.0.0/10",
					      "169.254.0.0/16", "239.0.0.0/8",    "fe80::/64",
					      "fc00::/7",       "ff00::/8",       "2000::/3" };
	struct pseudonyms *p = start();
	struct err err = ERR_NONE;
	(void)state;
	for (size_t i = 0; i < sizeof(same) / sizeof(*same); i++) {
		struct ip in = ip(same[i]), out = mapped(p, same[i]);
		assert_true(ip_equal(&in, &out));
	}
	for (size_t i = 0; i < sizeof(within) / sizeof(*within); i++) {
		struct prefix range;
		assert_int_equal(prefix_parse(within[i], false, &range, &err), 0);
		if (strncmp(within[i], "239", 3) == 0)
			range.len = 96 + 4;
		struct ip in = range.ip, out;
		in.b[15] = 77;
		in.b[14] = 3;
		if (range.len < 96)
			in.b[9] = 1; /* no group that everybody uses */
		pseudonym_ip(p, &in, &out);
		range.ip = in; /* the first bits are those of the range */
		for (unsigned bit = 0; bit < range.len; bit++)
			assert_int_equal((in.b[bit / 8] ^ out.b[bit / 8]) >> (7 - bit % 8) & 1, 0);
		assert_false(ip_equal(&in, &out));
	}
	pseudonyms_free(p);
}

/* Global ones never become private ones. */
static void global_stays_global(void **state)
{
	static const char *const ranges[] = { "0.0.0.0/8",      "10.0.0.0/8",     "100.64.0.0/10",
					      "127.0.0.0/8",    "169.254.0.0/16", "172.16.0.0/12",
					      "192.168.0.0/16", "224.0.0.0/3" };
	struct pseudonyms *p = start();
	struct err err = ERR_NONE;
	(void)state;
	for (uint32_t n = 0; n < 65536; n += 7) {
		struct ip in = ip_from_v4((const uint8_t[]){ (uint8_t)(n >> 8), (uint8_t)n, 1, 1 });
		struct ip out;
		bool special = false, now = false;
		pseudonym_ip(p, &in, &out);
		for (size_t i = 0; i < sizeof(ranges) / sizeof(*ranges); i++) {
			struct prefix range;
			assert_int_equal(prefix_parse(ranges[i], false, &range, &err), 0);
			special |= prefix_holds(&range, &in);
			now |= prefix_holds(&range, &out);
		}
		assert_int_equal(special, now);
	}
	pseudonyms_free(p);
}

static void ipv4_is_one_in_ipv6(void **state)
{
	struct pseudonyms *p = start();
	struct ip plain = mapped(p, "198.51.100.7"), translated = mapped(p, "64:ff9b::c633:6407");
	(void)state;
	assert_memory_equal(plain.b + 12, translated.b + 12, 4);
	pseudonyms_free(p);
}

static void macs_and_texts(void **state)
{
	static const uint8_t mac[6] = { 0, 0x1b, 0x21, 1, 2, 3 },
			     all[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
	uint8_t out[6], again[6], text[40], longer[40];
	struct pseudonyms *p = start(), *other;
	struct err err = ERR_NONE;
	(void)state;
	pseudonym_mac(p, mac, out);
	assert_int_equal(out[0] & 3, 2); /* of one, and of nobody */
	pseudonym_mac(p, mac, again);
	assert_memory_equal(out, again, 6);
	pseudonym_mac(p, all, out);
	assert_memory_equal(out, all, 6);
	pseudonym_text(p, (const uint8_t *)"GigabitEthernet0/0/1\0\0", 22, text);
	pseudonym_text(p, (const uint8_t *)"GigabitEthernet0/0/1\0\0\0\0", 24, longer);
	assert_memory_equal(text, longer, 22); /* padding is none of it */
	assert_int_equal(text[20] | text[21] | longer[23], 0);
	for (size_t i = 0; i < 20; i++)
		assert_true(text[i] >= 'a' && text[i] <= 'z');
	pseudonym_text(p, (const uint8_t *)"GigabitEthernet0/0/2\0\0", 22, longer);
	assert_memory_not_equal(text, longer, 20);
	assert_int_equal(pseudonyms_new(NULL, &other, &err), 0); /* a random key */
	pseudonym_text(other, (const uint8_t *)"GigabitEthernet0/0/1\0\0", 22, longer);
	assert_memory_not_equal(text, longer, 20);
	pseudonyms_free(other);
	pseudonyms_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(authors_sample),      cmocka_unit_test(prefixes_stay),
		cmocka_unit_test(ranges_stay),         cmocka_unit_test(global_stays_global),
		cmocka_unit_test(ipv4_is_one_in_ipv6), cmocka_unit_test(macs_and_texts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
