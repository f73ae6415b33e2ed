/* SPDX-License-Identifier: Apache-2.0
 * Writes the first inputs of the fuzz targets for packets and sFlow: FOLDER/fuzz_dissect/N and
 * FOLDER/fuzz_sflow/N. usage: seeds FOLDER */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "forwarder/decode/record/sflow_rows.h"
#include "tests/lib/packet.h"

/* Packets after their link layer: one of each kind of header that the dissector knows. */
static const struct {
	unsigned link;
	const char *hex;
} packets[] = {
	{ 1, "020000000002 020000000001 8100 6064 0800 4500001c00014000400600000a0000010a000002"
	     "04000050 00000001 00000002 5012 1000 0000 0000" },
	{ 1,
	  "020000000002 020000000001 88a8 0064 8100 0065 86dd 60000000 0008 11 40"
	  "20010db8000000000000000000000001 20010db8000000000000000000000002 00350035 0008 0000" },
	{ 1, "020000000002 020000000001 8847 000640fe 000c81fe 00000000 020000000004 020000000003 "
	     "0806" },
	{ 1, "020000000002 020000000001 8864 1100 1234 0016 0021 "
	     "4500001400014000403200000a0000010a000002" },
	{ 1, "020000000002 020000000001 88e7 60001234 020000000004 020000000003 0806" },
	{ 1, "020000000002 020000000001 0028 aaaa03 000000 0800 "
	     "4500001600014000400100000a0000010a000002 0303" },
	{ 11, "4600002000012000ff8400000a0000010a000002 01010101 0bb80050 00000000" },
	{ 11, "450000540001400040 2f 0000 0a0000010a000002 b00086dd 00000000 00000009 00000001"
	      "6000000000003b4020010db800000000000000000000000120010db8000000000000000000000002" },
	{ 11, "4500003c0001400040 2f 0000 0a0000010a000002 20006558 00138801 020000000004 "
	      "020000000003 0806" },
	{ 11, "4500003c0001400040 2f 0000 0a0000010a000002 100088be 00000001 10010065 00000000"
	      "020000000004 020000000003 0806" },
	{ 11,
	  "450000440001400040 2f 0000 0a0000010a000002 100022eb 00000001 20010065 00000000 00000001"
	  "1111111111111111 020000000004 020000000003 0806" },
	{ 11, "450000390001400040 2f 0000 0a0000010a000002 3081880b 00160001 00000001 00000002 21"
	      "4500001400014000403200000a0000010a000002" },
	{ 11, "4500003c0001400040 11 0000 0a0000010a000002 c35012b5 00280000 08000000 00138800"
	      "020000000004 020000000003 0806" },
	{ 11, "450000380001400040 11 0000 0a0000010a000002 c35012b6 00240000 0c000001 00000700"
	      "4500001400014000403200000a0000010a000002" },
	{ 11, "450000460001400040 11 0000 0a0000010a000002 c35017c1 00320000 02006558 00000700"
	      "0102030405060708 020000000004 020000000003 0806" },
	{ 11,
	  "450000400001400040 11 0000 0a0000010a000002 08680868 002c0000 34ff0020 00000042 00000085"
	  "01100900 4500001400014000403200000a0000010a000002" },
	{ 11,
	  "4500003c0001400040 11 0000 0a0000010a000002 06a506a5 00280000 40020026 00010002 ff030021"
	  "4500001400014000403200000a0000010a000002" },
	{ 12,
	  "6000000000 3c 00 40 20010db8000000000000000000000001 20010db8000000000000000000000002"
	  "3c00000000000000 2b00000000000000 2c040401 01800007 20010db80000000000000000000000aa"
	  "20010db80000000000000000000000bb 3a000001 01020304 80000000" },
	{ 13, "000641fe 4500001400014000403200000a0000010a000002" },
	{ 14, "0f000800 4500001400014000403200000a0000010a000002" },
	{ 15, "88010000 020000000009 020000000001 020000000002 00000000 aaaa0300 0000 0806" },
};

static int number;

static int save(const char *folder, const char *target, const struct packet *p)
{
	char path[4096];
	FILE *f;
	size_t written;

	snprintf(path, sizeof(path), "%s/%s", folder, target);
	(void)mkdir(path, 0777);
	snprintf(path, sizeof(path), "%s/%s/%d", folder, target, number++);
	f = fopen(path, "wbe");
	if (!f) {
		perror(path);
		return -1;
	}
	written = fwrite(p->data, 1, p->len, f);
	return fclose(f) || written != p->len ? -1 : 0;
}

/* One sample with one record of each structure, filled with small numbers. */
static int save_structures(const char *folder, const struct sflow_structure *rows, size_t count,
			   unsigned sample_tag)
{
	for (size_t i = 0; i < count; i++) {
		struct packet p = { 0 };
		size_t sample, record;

		packet_sflow(&p, 1, 1);
		if (sample_tag == 1) {
			sample = packet_sflow_flow(&p, 1);
		} else {
			packet_u32(&p, sample_tag);
			sample = packet_open(&p);
			packet_hex(&p, "00000001 00000000 00000003 00000001");
		}
		packet_u32(&p, rows[i].tag);
		record = packet_open(&p);
		for (unsigned f = 0; f < rows[i].fields * 2u && f < 200; f++)
			packet_u32(&p, f % 3);
		packet_shut(&p, record);
		packet_shut(&p, sample);
		if (save(folder, "fuzz_sflow", &p))
			return -1;
	}
	return 0;
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		fputs("usage: seeds FOLDER\n", stderr);
		return 2;
	}
	for (size_t i = 0; i < sizeof(packets) / sizeof(packets[0]); i++) {
		struct packet header = { 0 }, p = { 0 };
		size_t sample;

		packet_u8(&header, packets[i].link);
		packet_hex(&header, packets[i].hex);
		if (save(argv[1], "fuzz_dissect", &header))
			return 1;
		memmove(header.data, header.data + 1, --header.len);
		packet_sflow(&p, 1, 1);
		sample = packet_sflow_flow(&p, 1);
		packet_sflow_header(&p, packets[i].link, 64, &header);
		packet_shut(&p, sample);
		if (save(argv[1], "fuzz_sflow", &p))
			return 1;
	}
	return save_structures(argv[1], sflow_flow_rows, sflow_flow_rows_count, 1) ||
	       save_structures(argv[1], sflow_counter_rows, sflow_counter_rows_count, 4);
}
