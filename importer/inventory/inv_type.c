/* SPDX-License-Identifier: Apache-2.0
 * The kinds of sources: one const row each says what it reads, and what it asks when nothing else
 * is said. */
#include "importer/inventory/inv_type.h"

#include <string.h>

/* clang-format off */
/* JSON as it stands. */
#define TABLES(...) #__VA_ARGS__

/* What a file with names and addresses comes down to (inv_text.c). */
#define HOSTS \
	TABLES([{"into": "hosts", "rows": "[]", "columns": {"address": "address", "name": "name"}}])

/* Tables as in inventory.yml (inv_table.h). Of rows with the same key those of the later table
 * count, so what is said more exactly comes last. */
const struct inv_type inv_types[] = {
	{ .name = "json",
	  .text = "JSON of any make, by URL or in a file",
	  .form = INV_JSON,
	  .scheme = "Bearer" },
	{ .name = "csv",
	  .text = "CSV of any make, by URL or in a file",
	  .form = INV_CSV,
	  .scheme = "Bearer" },
	{ .name = "netbox",
	  .text = "NetBox, by its REST API",
	  .form = INV_JSON,
	  .scheme = "Token",
	  .tables = TABLES([
		{"rows": "results[]", "next": "next", "url": "/api/dcim/sites/?limit=1000",
		  "remember": [{"as": "region", "key": "name", "value": "region.name"},
		    {"as": "latitude", "key": "name", "value": "latitude"},
		    {"as": "longitude", "key": "name", "value": "longitude"},
		    {"as": "asn", "key": "name", "value": "asns.0.asn"}]},
		{"into": "networks", "rows": "results[]", "next": "next",
		    "url": "/api/ipam/prefixes/?limit=1000",
		  "columns": {"prefix": "prefix", "name": "description", "role": "role.name",
		    "tenant": "tenant.name", "site": "site.name|scope.name",
		    "region": "site.name:region|scope.name:region",
		    "latitude": "site.name:latitude|scope.name:latitude",
		    "longitude": "site.name:longitude|scope.name:longitude",
		    "as_number": "site.name:asn|scope.name:asn"}},
		{"into": "hosts", "rows": "results[]", "next": "next",
		    "url": "/api/ipam/ip-addresses/?limit=1000",
		  "columns": {"address": "address:host",
	    "name": "dns_name|assigned_object.device.name|assigned_object.virtual_machine.name"}},
		{"into": "exporters", "rows": "results[]", "next": "next",
		    "url": "/api/dcim/devices/?limit=1000",
		  "columns": {"prefix": "primary_ip6.address:host", "name": "name",
		    "vendor": "device_type.manufacturer.name", "product": "device_type.model",
		    "type": "role.name|device_role.name", "site": "site.name",
		    "serial": "serial"}},
		{"into": "exporters", "rows": "results[]", "next": "next",
		    "url": "/api/dcim/devices/?limit=1000",
		  "columns": {"prefix": "primary_ip4.address:host", "name": "name",
		    "vendor": "device_type.manufacturer.name", "product": "device_type.model",
		    "type": "role.name|device_role.name", "site": "site.name",
		    "serial": "serial"},
		  "remember": {"as": "device", "key": "id",
		    "value": "primary_ip4.address:host|primary_ip6.address:host"}},
		{"into": "interfaces", "rows": "results[]", "next": "next",
		    "url": "/api/dcim/interfaces/?limit=1000",
		  "columns": {"exporter": "device.id:device", "name": "name",
		    "alias": "description|label", "speed": "speed:kilo"}}
	  ]) },
	{ .name = "nautobot",
	  .text = "Nautobot 2, by its REST API",
	  .form = INV_JSON,
	  .scheme = "Token",
	  .tables = TABLES([
		{"rows": "results[]", "next": "next",
		    "url": "/api/dcim/locations/?limit=1000&depth=1",
		  "remember": [{"as": "region", "key": "name", "value": "parent.name"},
		    {"as": "latitude", "key": "name", "value": "latitude"},
		    {"as": "longitude", "key": "name", "value": "longitude"},
		    {"as": "asn", "key": "name", "value": "asn"}]},
		{"into": "networks", "rows": "results[]", "next": "next",
		    "url": "/api/ipam/prefixes/?limit=1000&depth=1",
		  "columns": {"prefix": "prefix", "name": "description", "role": "role.name",
		    "tenant": "tenant.name", "site": "location.name|locations.0.name",
		    "region": "location.name:region|locations.0.name:region",
		    "latitude": "location.name:latitude|locations.0.name:latitude",
		    "longitude": "location.name:longitude|locations.0.name:longitude",
		    "as_number": "location.name:asn|locations.0.name:asn"}},
		{"into": "hosts", "rows": "results[]", "next": "next",
		    "url": "/api/ipam/ip-addresses/?limit=1000&depth=1",
		  "columns": {"address": "address:host",
	    "name": "dns_name|assigned_object.device.name|assigned_object.virtual_machine.name"}},
		{"into": "exporters", "rows": "results[]", "next": "next",
		    "url": "/api/dcim/devices/?limit=1000&depth=2",
		  "columns": {"prefix": "primary_ip6.address:host", "name": "name",
		    "vendor": "device_type.manufacturer.name", "product": "device_type.model",
		    "type": "role.name|device_role.name", "site": "location.name",
		    "serial": "serial"}},
		{"into": "exporters", "rows": "results[]", "next": "next",
		    "url": "/api/dcim/devices/?limit=1000&depth=2",
		  "columns": {"prefix": "primary_ip4.address:host", "name": "name",
		    "vendor": "device_type.manufacturer.name", "product": "device_type.model",
		    "type": "role.name|device_role.name", "site": "location.name",
		    "serial": "serial"},
		  "remember": {"as": "device", "key": "id",
		    "value": "primary_ip4.address:host|primary_ip6.address:host"}},
		{"into": "interfaces", "rows": "results[]", "next": "next",
		    "url": "/api/dcim/interfaces/?limit=1000&depth=1",
		  "columns": {"exporter": "device.id:device", "name": "name",
		    "alias": "description|label", "speed": "speed:kilo"}}
	  ]) },
	{ .name = "snmp",
	  .text = "exporters themselves, by SNMPv2c or SNMPv3",
	  .form = INV_SNMP },
	{ .name = "leases",
	  .text = "leases of Kea (memfile), ISC dhcpd or dnsmasq, in a file",
	  .form = INV_LEASES,
	  .scheme = "Bearer",
	  .tables = HOSTS },
	{ .name = "zone",
	  .text = "a zone file of DNS",
	  .form = INV_ZONE,
	  .scheme = "Bearer",
	  .tables = HOSTS },
	{ .name = "hosts",
	  .text = "a hosts file",
	  .form = INV_HOSTS,
	  .scheme = "Bearer",
	  .tables = HOSTS },
	{ .name = "aws",
	  .text = "prefixes of AWS",
	  .form = INV_JSON,
	  .scheme = "Bearer",
	  .url = "https://ip-ranges.amazonaws.com/ip-ranges.json",
	  .tables = TABLES([
		{"into": "networks", "rows": ["prefixes[]", "ipv6_prefixes[]"],
		    "when": {"service": "AMAZON"},
		  "columns": {"prefix": "ip_prefix|ipv6_prefix", "name": "=AWS",
		    "role": "=cloud", "site": "region"}},
		{"into": "networks", "rows": ["prefixes[]", "ipv6_prefixes[]"],
		    "unless": {"service": "AMAZON"},
		  "columns": {"prefix": "ip_prefix|ipv6_prefix", "name": "AWS {service}",
		    "role": "=cloud", "site": "region"}}
	  ]) },
	{ .name = "azure",
	  .text = "service tags of Azure",
	  .form = INV_JSON,
	  .scheme = "Bearer",
	  .tables = TABLES([
		{"into": "networks", "rows": "values[].properties.addressPrefixes[]",
		    "when": {"^properties.systemService": ""},
		  "columns": {"prefix": ".", "name": "=Azure", "role": "=cloud",
		    "site": "^properties.region"}},
		{"into": "networks", "rows": "values[].properties.addressPrefixes[]",
		    "unless": {"^properties.systemService": ""},
		  "columns": {"prefix": ".", "name": "Azure {^properties.systemService}",
		    "role": "=cloud", "site": "^properties.region"}}
	  ]) },
	{ .name = "google-cloud",
	  .text = "prefixes of Google Cloud customers",
	  .form = INV_JSON,
	  .scheme = "Bearer",
	  .url = "https://www.gstatic.com/ipranges/cloud.json",
	  .tables = TABLES([
		{"into": "networks", "rows": "prefixes[]",
		  "columns": {"prefix": "ipv4Prefix|ipv6Prefix", "name": "service",
		    "role": "=cloud", "site": "scope"}}
	  ]) },
	{ .name = "google",
	  .text = "prefixes of Google",
	  .form = INV_JSON,
	  .scheme = "Bearer",
	  .url = "https://www.gstatic.com/ipranges/goog.json",
	  .tables = TABLES([
		{"into": "networks", "rows": "prefixes[]",
		  "columns": {"prefix": "ipv4Prefix|ipv6Prefix", "name": "=Google",
		    "role": "=cloud"}}
	  ]) },
	{ .name = "oracle",
	  .text = "prefixes of Oracle Cloud",
	  .form = INV_JSON,
	  .scheme = "Bearer",
	  .url = "https://docs.oracle.com/iaas/tools/public_ip_ranges.json",
	  .tables = TABLES([
		{"into": "networks", "rows": "regions[].cidrs[]",
		  "columns": {"prefix": "cidr", "name": "Oracle {tags.0}", "role": "=cloud",
		    "site": "^region"}}
	  ]) },
	{ .name = "cloudflare",
	  .text = "prefixes of Cloudflare",
	  .form = INV_JSON,
	  .scheme = "Bearer",
	  .url = "https://api.cloudflare.com/client/v4/ips",
	  .tables = TABLES([
		{"into": "networks", "rows": ["result.ipv4_cidrs[]", "result.ipv6_cidrs[]"],
		  "columns": {"prefix": ".", "name": "=Cloudflare", "role": "=cloud"}}
	  ]) },
	{ .name = "fastly",
	  .text = "prefixes of Fastly",
	  .form = INV_JSON,
	  .scheme = "Bearer",
	  .url = "https://api.fastly.com/public-ip-list",
	  .tables = TABLES([
		{"into": "networks", "rows": ["addresses[]", "ipv6_addresses[]"],
		  "columns": {"prefix": ".", "name": "=Fastly", "role": "=cloud"}}
	  ]) },
	{ .name = "github",
	  .text = "prefixes of GitHub",
	  .form = INV_JSON,
	  .scheme = "Bearer",
	  .url = "https://api.github.com/meta",
	  .tables = TABLES([
		{"into": "networks", "rows": ["api[]", "web[]", "git[]", "packages[]",
		    "pages[]", "importer[]", "hooks[]"],
		  "columns": {"prefix": ".", "name": "GitHub {@}", "role": "=cloud"}}
	  ]) },
	{ .name = "atlassian",
	  .text = "prefixes of Atlassian",
	  .form = INV_JSON,
	  .scheme = "Bearer",
	  .url = "https://ip-ranges.atlassian.com/",
	  .tables = TABLES([
		{"into": "networks", "rows": "items[]",
		  "columns": {"prefix": "cidr", "name": "Atlassian {product.0}",
		    "role": "=cloud", "site": "region.0"}}
	  ]) },
	{ .name = "microsoft365",
	  .text = "endpoints of Microsoft 365",
	  .form = INV_JSON,
	  .scheme = "Bearer",
	  .tables = TABLES([
		{"into": "networks", "rows": "[].ips[]",
		  "columns": {"prefix": ".", "name": "^serviceAreaDisplayName", "role": "=cloud"}}
	  ]) },
};
/* clang-format on */
const size_t inv_types_len = sizeof(inv_types) / sizeof(inv_types[0]);

const struct inv_type *inv_type_find(const char *name)
{
	for (size_t i = 0; i < inv_types_len; i++)
		if (strcmp(inv_types[i].name, name) == 0)
			return &inv_types[i];
	return NULL;
}
