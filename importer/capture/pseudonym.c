/* SPDX-License-Identifier: Apache-2.0
 * Other addresses, MAC addresses and texts for those of a capture, always the same ones under one
 * key. */
#include "importer/capture/pseudonym.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK 16U /* of AES */

struct pseudonyms {
	EVP_CIPHER_CTX *aes;
	/* What fills blocks up: of IPv4 as in Crypto-PAn, of the others something else, so that
	 * nothing is learnt of one kind from another. */
	uint8_t pad[BLOCK], pad6[BLOCK], pad_mac[BLOCK], pad_text[BLOCK];
};

static void encrypt(const struct pseudonyms *p, const uint8_t *in, size_t len, uint8_t *out)
{
	int got;
	/* whole blocks of a context that is set up: nothing in it can fail, and if it does no
	 * pseudonym may be the address itself */
	if (EVP_EncryptUpdate(p->aes, out, &got, in, (int)len) != 1 || (size_t)got != len)
		abort();
}

static void make_pad(const struct pseudonyms *p, uint8_t number, uint8_t pad[BLOCK])
{
	uint8_t block[BLOCK];
	memcpy(block, p->pad, BLOCK);
	block[BLOCK - 1] ^= number;
	encrypt(p, block, BLOCK, pad);
}

int pseudonyms_new(const uint8_t key[PSEUDONYM_KEY], struct pseudonyms **ret, struct err *err)
{
	uint8_t own[PSEUDONYM_KEY];
	struct pseudonyms *p = calloc(1, sizeof(*p));
	bool made = p && (p->aes = EVP_CIPHER_CTX_new()) && (key || RAND_bytes(own, sizeof(own)));
	if (key)
		memcpy(own, key, sizeof(own));
	made = made && EVP_EncryptInit_ex(p->aes, EVP_aes_128_ecb(), NULL, own, NULL) == 1 &&
	       EVP_CIPHER_CTX_set_padding(p->aes, 0) == 1;
	if (made) {
		encrypt(p, own + BLOCK, BLOCK, p->pad);
		make_pad(p, 6, p->pad6);
		make_pad(p, 'm', p->pad_mac);
		make_pad(p, 't', p->pad_text);
	}
	OPENSSL_cleanse(own, sizeof(own));
	if (!made) {
		pseudonyms_free(p);
		return err_set(err, EF_FAILED, "no random key could be made to hide addresses");
	}
	*ret = p;
	return 0;
}

void pseudonyms_free(struct pseudonyms *p)
{
	if (!p)
		return;
	EVP_CIPHER_CTX_free(p->aes);
	OPENSSL_cleanse(p, sizeof(*p));
	free(p);
}

/* ---- prefixes ---- */

/* Bit i of `out` is that of `in`, or the other one, as a secret function of the i bits before
 * says; the first `kept` stay. */
static void flip(const struct pseudonyms *p, const uint8_t *pad, const uint8_t *in, unsigned bits,
		 unsigned kept, uint8_t *out)
{
	uint8_t blocks[128 * BLOCK], cipher[128 * BLOCK] = { 0 }, result[16];
	for (unsigned i = kept; i < bits; i++) {
		uint8_t *block = blocks + (i - kept) * BLOCK;
		memcpy(block, pad, BLOCK);
		memcpy(block, in, i / 8);
		if (i % 8) {
			uint8_t mask = (uint8_t)(0xff00 >> i % 8);
			block[i / 8] = (uint8_t)((in[i / 8] & mask) | (pad[i / 8] & ~mask));
		}
	}
	if (kept < bits)
		encrypt(p, blocks, (bits - kept) * BLOCK, cipher);
	memcpy(result, in, bits / 8);
	for (unsigned i = kept; i < bits; i++)
		result[i / 8] ^= (uint8_t)(cipher[(i - kept) * BLOCK] >> 7 << (7 - i % 8));
	memcpy(out, result, bits / 8);
}

/* No address is its own pseudonym. With the last bit the other way round two neighbours, which both
 * were, change places: prefixes stay as they are. */
static void never_same(const uint8_t *in, uint8_t *out, size_t len)
{
	if (memcmp(in, out, len) == 0)
		out[len - 1] ^= 1;
}

static void pan(const struct pseudonyms *p, const uint8_t *pad, const uint8_t *in, unsigned bits,
		unsigned kept, uint8_t *out)
{
	uint8_t address[16];
	memcpy(address, in, bits / 8);
	flip(p, pad, address, bits, kept, out);
	if (kept < bits)
		never_same(address, out, bits / 8);
}

void pseudonym_pan(struct pseudonyms *p, const uint8_t in[4], uint8_t out[4])
{
	flip(p, p->pad, in, 32, 0, out);
}

/* A range in which addresses stay, by its first bits; of the longest one that fits `kept` bits stay
 * as they are. */
struct range {
	uint8_t first[12];
	uint8_t bits, kept;
};

static const struct range ranges4[] = {
	{ { 0 }, 8, 32 },          /* this network: RFC 6890, as the next ones */
	{ { 10 }, 8, 8 },          /* private */
	{ { 100, 64 }, 10, 10 },   /* shared */
	{ { 127 }, 8, 32 },        /* loopback */
	{ { 169, 254 }, 16, 16 },  /* link */
	{ { 172, 16 }, 12, 12 },   /* private */
	{ { 192, 168 }, 16, 16 },  /* private */
	{ { 224, 0, 0 }, 24, 32 }, /* multicast that everybody uses */
	{ { 224 }, 4, 4 },         /* multicast */
	{ { 255, 255, 255, 255 }, 32, 32 },
	{ { 240 }, 4, 4 }, /* reserved */
};

static bool is_within(const uint8_t *address, const struct range *r)
{
	uint8_t mask = (uint8_t)(0xff00 >> r->bits % 8);
	return memcmp(address, r->first, r->bits / 8) == 0 &&
	       (r->bits % 8 == 0 || ((address[r->bits / 8] ^ r->first[r->bits / 8]) & mask) == 0);
}

static const struct range *range4(const uint8_t *address)
{
	for (size_t i = 0; i < sizeof(ranges4) / sizeof(*ranges4); i++)
		if (is_within(address, &ranges4[i]))
			return &ranges4[i];
	return NULL;
}

void pseudonym_ipv4(struct pseudonyms *p, const uint8_t *in, uint8_t *out)
{
	const struct range *range = range4(in);
	uint8_t address[4];
	memcpy(address, in, 4);
	if (range) {
		pan(p, p->pad, address, 32, range->kept, out);
		return;
	}
	/* A global one that comes out in a range goes on from there until it is outside: the map
	 * stays one to one. Whether it is outside shows in its first 16 bits, so that those that
	 * have them in common go the same way. */
	do
		flip(p, p->pad, address, 32, 0, address);
	while (range4(address));
	never_same(in, address, 4);
	memcpy(out, address, 4);
}

static bool is_zero(const uint8_t *p, size_t len)
{
	while (len && p[len - 1] == 0)
		len--;
	return len == 0;
}

/* The first 96 bits say that IPv4 is behind them: mapped, or RFC 6052. */
static bool holds_ipv4(const uint8_t *in)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	static const uint8_t translated[12] = { 0, 0x64, 0xff, 0x9b };
	return memcmp(in, mapped, 12) == 0 || memcmp(in, translated, 12) == 0;
}

/* How many bits of an IPv6 address say what kind of one it is (RFC 4291, 4193). */
static unsigned kept6(const uint8_t *in)
{
	if (is_zero(in, 15) && in[15] <= 1)
		return 128; /* ::, ::1 */
	if (in[0] == 0xff)  /* a group that is not of one system has a short number */
		return is_zero(in + 2, 12) ? 128 : 16;
	if (in[0] == 0xfe && (in[1] & 0xc0) == 0x80)
		return is_zero(in + 2, 6) && in[1] == 0x80 ? 64 : 10;
	if ((in[0] & 0xfe) == 0xfc)
		return 8;
	return (in[0] & 0xe0) == 0x20 ? 3 : 8;
}

void pseudonym_ipv6(struct pseudonyms *p, const uint8_t *in, uint8_t *out)
{
	if (holds_ipv4(in)) {
		memmove(out, in, 12);
		pseudonym_ipv4(p, in + 12, out + 12);
		return;
	}
	pan(p, p->pad6, in, 128, kept6(in), out);
}

void pseudonym_ip(struct pseudonyms *p, const struct ip *in, struct ip *out)
{
	pseudonym_ipv6(p, in->b, out->b); /* IPv4 is mapped there */
}

/* ---- the rest ---- */

void pseudonym_mac(struct pseudonyms *p, const uint8_t *in, uint8_t *out)
{
	static const uint8_t all[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
	uint8_t block[BLOCK], cipher[BLOCK];
	if (is_zero(in, 6) || memcmp(in, all, 6) == 0) {
		memmove(out, in, 6);
		return;
	}
	memcpy(block, p->pad_mac, BLOCK);
	memcpy(block, in, 6);
	encrypt(p, block, BLOCK, cipher);
	cipher[0] = (uint8_t)((cipher[0] & 0xfc) | 2 | (in[0] & 1));
	memcpy(out, cipher, 6);
}

/* A secret sum of the text: CBC over whole blocks, the length in the first one. */
static void sum_text(const struct pseudonyms *p, const uint8_t *in, size_t len, uint8_t sum[BLOCK])
{
	memcpy(sum, p->pad_text, BLOCK);
	for (size_t i = 0; i < sizeof(len); i++)
		sum[i] ^= (uint8_t)(len >> 8 * i);
	encrypt(p, sum, BLOCK, sum);
	for (size_t at = 0; at < len; at += BLOCK) {
		for (size_t i = 0; i < BLOCK && at + i < len; i++)
			sum[i] ^= in[at + i];
		encrypt(p, sum, BLOCK, sum);
	}
}

void pseudonym_text(struct pseudonyms *p, const uint8_t *in, size_t len, uint8_t *out)
{
	uint8_t sum[BLOCK], letters[BLOCK];
	size_t text = len;
	while (text && in[text - 1] == 0)
		text--;
	sum_text(p, in, text, sum);
	for (size_t i = 0; i < text; i++) {
		if (i % BLOCK == 0) {
			for (size_t b = 0; b < sizeof(i); b++)
				sum[b] ^= (uint8_t)(i >> 8 * b);
			encrypt(p, sum, BLOCK, letters);
		}
		out[i] = (uint8_t)('a' + letters[i % BLOCK] % 26);
	}
	if (text && memcmp(in, out, text) == 0)
		out[0] = out[0] == 'z' ? 'a' : (uint8_t)(out[0] + 1);
	memset(out + text, 0, len - text);
}
