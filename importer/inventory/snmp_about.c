/* SPDX-License-Identifier: Apache-2.0
 * What the description of a device and the number of its maker say to people. */
#include "importer/inventory/snmp_about.h"

#include <stdio.h>
#include <string.h>

/* Of the IANA's Private Enterprise Numbers, whose devices export flows. */
static const struct maker {
	unsigned long number;
	const char *name;
} makers[] = {
	{ 9, "Cisco" },
	{ 11, "HP" },
	{ 171, "D-Link" },
	{ 193, "Ericsson" },
	{ 207, "Allied Telesis" },
	{ 674, "Dell" },
	{ 890, "Zyxel" },
	{ 1588, "Brocade" },
	{ 1916, "Extreme" },
	{ 1991, "Ruckus" },
	{ 2011, "Huawei" },
	{ 2620, "Check Point" },
	{ 2636, "Juniper" },
	{ 3375, "F5" },
	{ 3902, "ZTE" },
	{ 4526, "Netgear" },
	{ 5624, "Enterasys" },
	{ 6027, "Dell" },
	{ 6486, "Alcatel-Lucent" },
	{ 6527, "Nokia" },
	{ 6876, "VMware" },
	{ 8072, "Net-SNMP" },
	{ 8741, "SonicWall" },
	{ 12356, "Fortinet" },
	{ 14823, "Aruba" },
	{ 14988, "MikroTik" },
	{ 25461, "Palo Alto Networks" },
	{ 25506, "H3C" },
	{ 30065, "Arista" },
	{ 33049, "Mellanox" },
	{ 40310, "Cumulus" },
	{ 41112, "Ubiquiti" },
	{ 44641, "VyOS" },
	{ 47196, "Aruba" },
};

const char *snmp_maker(unsigned long number)
{
	for (size_t i = 0; i < sizeof(makers) / sizeof(makers[0]); i++)
		if (makers[i].number == number)
			return makers[i].name;
	return "";
}

const char *snmp_version(const char *about, char *text, size_t size)
{
	static const char *const words[] = { "Version ",  "Version: ", "version ", "JUNOS ",
					     "RouterOS ", "VyOS ",     "TiMOS-" };

	*text = '\0';
	for (size_t i = 0; about && i < sizeof(words) / sizeof(words[0]); i++) {
		const char *at = strstr(about, words[i]);

		if (!at)
			continue;
		at += strlen(words[i]);
		size_t n = strcspn(at, " ,;\r\n\t");
		if (memchr(at, '.', n) && n < size) {
			snprintf(text, size, "%.*s", (int)n, at);
			break;
		}
	}
	return text;
}
