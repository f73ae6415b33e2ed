#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Prefix lists that providers publish, made after their published formats: which networks come of them; and that nobody is asked unasked."""
import json
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
sys.path.insert(0, os.path.join(HERE, "..", "lib"))
from sources import configure, efctl, inventory, kept, table  # noqa: E402
from tap import done, ok, same  # noqa: E402

# of each: a document with the members that the provider documents, and what has to come of it: prefix, name, site
LISTS = {
	"aws": ({"syncToken": "1700000000", "createDate": "2026-01-01-00-00-00", "prefixes": [
		{"ip_prefix": "192.0.2.0/24", "region": "eu-west-1", "service": "AMAZON", "network_border_group": "eu-west-1"},
		{"ip_prefix": "192.0.2.0/24", "region": "eu-west-1", "service": "EC2", "network_border_group": "eu-west-1"},
		{"ip_prefix": "198.51.100.0/24", "region": "GLOBAL", "service": "AMAZON", "network_border_group": "GLOBAL"}], "ipv6_prefixes": [
		{"ipv6_prefix": "2001:db8::/40", "region": "us-east-1", "service": "S3", "network_border_group": "us-east-1"},
		{"ipv6_prefix": "2001:db8::/40", "region": "us-east-1", "service": "AMAZON", "network_border_group": "us-east-1"}]},
		[("192.0.2.0/24", "AWS EC2", "eu-west-1"), ("198.51.100.0/24", "AWS", "GLOBAL"), ("2001:db8::/40", "AWS S3", "us-east-1")]),
	"azure": ({"changeNumber": 1, "cloud": "Public", "values": [
		{"name": "AzureCloud.westeurope", "id": "AzureCloud.westeurope", "properties": {"changeNumber": 1, "region": "westeurope", "regionId": 18, "platform": "Azure",
			"systemService": "", "addressPrefixes": ["192.0.2.0/24", "198.51.100.0/24"], "networkFeatures": ["API", "NSG"]}},
		{"name": "Sql.WestEurope", "id": "Sql.WestEurope", "properties": {"changeNumber": 1, "region": "westeurope", "regionId": 18, "platform": "Azure", "systemService": "AzureSQL",
			"addressPrefixes": ["192.0.2.0/24", "2001:db8::/48"], "networkFeatures": None}}]},
		[("192.0.2.0/24", "Azure AzureSQL", "westeurope"), ("198.51.100.0/24", "Azure", "westeurope"), ("2001:db8::/48", "Azure AzureSQL", "westeurope")]),
	"google-cloud": ({"syncToken": "1700000000000", "creationTime": "2026-01-01T00:00:00.0", "prefixes": [
		{"ipv4Prefix": "192.0.2.0/24", "service": "Google Cloud", "scope": "europe-west1"}, {"ipv6Prefix": "2001:db8::/44", "service": "Google Cloud", "scope": "us-east4"}]},
		[("192.0.2.0/24", "Google Cloud", "europe-west1"), ("2001:db8::/44", "Google Cloud", "us-east4")]),
	"google": ({"syncToken": "1700000000000", "creationTime": "2026-01-01T00:00:00.0", "prefixes": [{"ipv4Prefix": "192.0.2.0/24"}, {"ipv6Prefix": "2001:db8::/32"}]},
		[("192.0.2.0/24", "Google", None), ("2001:db8::/32", "Google", None)]),
	"oracle": ({"last_updated_timestamp": "2026-01-01T00:00:00.0", "regions": [{"region": "eu-frankfurt-1", "cidrs": [{"cidr": "192.0.2.0/24", "tags": ["OCI"]},
		{"cidr": "198.51.100.0/25", "tags": ["OSN", "OBJECT_STORAGE"]}]}]},
		[("192.0.2.0/24", "Oracle OCI", "eu-frankfurt-1"), ("198.51.100.0/25", "Oracle OSN", "eu-frankfurt-1")]),
	"cloudflare": ({"result": {"ipv4_cidrs": ["192.0.2.0/24"], "ipv6_cidrs": ["2001:db8::/32"], "etag": "x"}, "success": True, "errors": [], "messages": []},
		[("192.0.2.0/24", "Cloudflare", None), ("2001:db8::/32", "Cloudflare", None)]),
	"fastly": ({"addresses": ["192.0.2.0/24"], "ipv6_addresses": ["2001:db8::/32"]}, [("192.0.2.0/24", "Fastly", None), ("2001:db8::/32", "Fastly", None)]),
	"github": ({"verifiable_password_authentication": False, "ssh_key_fingerprints": {"SHA256_RSA": "x"}, "ssh_keys": ["ssh-rsa AAAA"], "hooks": ["192.0.2.0/24"],
		"web": ["192.0.2.0/24", "198.51.100.1/32"], "api": ["203.0.113.0/28"], "git": ["198.51.100.0/24"], "packages": ["198.51.100.34/32"], "pages": ["2001:db8:0:1::/64"],
		"importer": ["203.0.113.77/32"], "actions": ["100.64.0.0/16"], "domains": {"website": ["*.github.com"]}},
		[("192.0.2.0/24", "GitHub web", None), ("198.51.100.0/24", "GitHub git", None), ("198.51.100.1", "GitHub web", None), ("198.51.100.34", "GitHub packages", None),
			("2001:db8:0:1::/64", "GitHub pages", None), ("203.0.113.0/28", "GitHub api", None), ("203.0.113.77", "GitHub importer", None)]),
	"atlassian": ({"creationDate": "2026-01-01T00:00:00.0", "syncToken": 1, "items": [{"network": "192.0.2.0", "mask_len": 24, "cidr": "192.0.2.0/24", "mask": "255.255.255.0",
		"region": ["global"], "product": ["jira", "confluence"], "direction": ["egress"], "perimeter": "commercial"}]}, [("192.0.2.0/24", "Atlassian jira", "global")]),
	"microsoft365": ([{"id": 1, "serviceArea": "Exchange", "serviceAreaDisplayName": "Exchange Online", "urls": ["outlook.office.com"], "ips": ["192.0.2.0/24", "2001:db8::/36"],
		"tcpPorts": "80,443", "expressRoute": True, "category": "Optimize", "required": True},
		{"id": 2, "serviceArea": "Common", "serviceAreaDisplayName": "Microsoft 365 Common", "urls": ["*.office.com"], "tcpPorts": "443", "category": "Default", "required": True}],
		[("192.0.2.0/24", "Exchange Online", None), ("2001:db8::/36", "Exchange Online", None)]),
}

for name, (document, wanted) in LISTS.items():
	configure({"name": name, "type": name, "file": kept(name + ".json", json.dumps(document))})
	code, out, err = inventory(name)
	same((code, [(r["prefix"], r["name"], r.get("site")) for r in table(f"{name}/networks.csv") or [err]], {r["role"] for r in table(f"{name}/networks.csv") or []}),
		(0, wanted, {"cloud"}), name)
same(efctl("dictionaries", "check")[0], 0, "all of them together can be compiled")

# Where providers publish them is in a table of docs/inventory.md; a source without `url` and `file` asks there, and nothing else does.
with open(os.path.join(HERE, "..", "..", "importer", "inventory", "inv_type.c")) as f:
	urls = dict(re.findall(r'\.name = "([\w-]+)",\n(?:\t  \.(?:text|form|scheme) .*\n)*\t  \.url = "([^"]+)"', f.read()))
with open(os.path.join(HERE, "..", "..", "docs", "inventory.md")) as f:
	told = {cells[1].strip().strip("`"): cells[2].strip() for cells in (line.split("|") for line in f if line.startswith("| `")) if len(cells) == 6}
same({name: told.get(name, "").strip("<>") for name in urls}, urls, "the page says where each list is published")
same(sorted(set(told) ^ set(LISTS)), [], "and has all of them")
ok(len(urls) == 8, "eight of them have an address of their own", urls)
configure({"name": "aws", "type": "aws", "proxy": "http://127.0.0.1:1", "limits": {"seconds": 5}})
code, out, err = inventory("aws")
ok(code == 4 and "https://ip-ranges.amazonaws.com/ip-ranges.json: no answer" in err, "without url the published one is asked (here through a proxy that is none)", (code, err))
configure({"name": "azure", "type": "azure"})
ok("one of url and file has to be said" in inventory()[2], "a list without a lasting address wants one")
done()
