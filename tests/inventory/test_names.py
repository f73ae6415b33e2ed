#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Lease files, zone files and hosts files as sources: names of hosts that follow what DHCP servers and people write there."""
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
sys.path.insert(0, os.path.join(HERE, "..", "lib"))
from sources import configure, inventory, kept, table  # noqa: E402
from tap import done, ok, same  # noqa: E402

# as Kea 2.2 of Debian wrote it when it was told (lease4-add, -update, -del) of four leases, one with a comma in its name; later lines replace earlier ones
KEA = """address,hwaddr,client_id,valid_lifetime,expire,subnet_id,fqdn_fwd,fqdn_rev,hostname,state,user_context
192.0.2.10,02:00:00:00:00:00,,7200,1796168455,1,0,0,laptop.example.org,0,
192.0.2.11,02:00:00:00:00:01,,7200,1796168455,1,0,0,a&#x2cb,0,
192.0.2.12,02:00:00:00:00:02,,7200,1796168455,1,0,0,,0,
192.0.2.13,02:00:00:00:00:03,,7200,1796168455,1,0,0,printer.example.org,0,
192.0.2.13,02:00:00:00:00:03,,0,1796161255,1,0,0,printer.example.org,0,
192.0.2.10,02:00:00:00:00:00,,7200,1796168455,1,0,0,new-name.example.org,0,
"""
ISC = """# The format of this file is documented in the dhcpd.leases(5) manual page.
lease 192.0.2.20 {
  starts 1 2026/11/30 10:00:00;
  ends 1 2026/11/30 22:00:00;
  binding state active;
  next binding state free;
  hardware ethernet 02:00:00:00:00:05;
  client-hostname "desk, left";
}
lease 192.0.2.21 {
  binding state free;
  client-hostname "gone";
}
"""
DNSMASQ = "1800000000 02:00:00:00:00:06 192.0.2.30 phone 01:02:00:00:00:00:06\n1800000000 02:00:00:00:00:07 192.0.2.31 * *\n"
ZONE = "$ORIGIN example.org.\n$TTL 1h\n@ IN SOA ns hostmaster 1 2h 1h 1w 1h\nns A 192.0.2.53\nwww 300 IN AAAA 2001:db8::80\n    A 192.0.2.80\n"
HOSTS = "127.0.0.1 localhost\n192.0.2.90 nas.example.org nas # the box\n"


def names(source_type, text, *force):
	configure({"name": "it", "type": source_type, "file": kept("it", text)})
	code, out, err = inventory("it", *force)
	return code, [(r["address"], r["name"]) for r in table("it/hosts.csv") or []]


same(names("leases", KEA), (0, [("192.0.2.10", "new-name.example.org"), ("192.0.2.11", "a,b")]), "Kea: the last line of an address counts; what is over or nameless is none")
code, found = names("leases", KEA + "192.0.2.11,02:00:00:00:00:01,,0,1796168455,1,0,0,a&#x2cb,0,\n192.0.2.14,02:00:00:00:00:08,,7200,1800009000,1,0,0,new.example.org,0,\n")
same((code, found), (0, [("192.0.2.10", "new-name.example.org"), ("192.0.2.14", "new.example.org")]), "a lease that ended and one that began")
same(names("leases", ISC, "--force"), (0, [("192.0.2.20", "desk, left")]), "ISC dhcpd")
same(names("leases", DNSMASQ), (0, [("192.0.2.30", "phone")]), "dnsmasq")
same(names("zone", ZONE, "--force"), (0, [("192.0.2.53", "ns.example.org"), ("192.0.2.80", "www.example.org"), ("2001:db8::80", "www.example.org")]), "a zone")
same(names("hosts", HOSTS, "--force"), (0, [("192.0.2.90", "nas.example.org")]), "a hosts file")
configure({"name": "it", "type": "leases", "file": kept("it", KEA), "limits": {"bytes": 100}})
code, out, err = inventory("it")
ok(code != 0 and "is larger than" in err and table("it/hosts.csv")[0]["name"] == "nas.example.org", "a file beyond the limit is not read", (code, err))
os.unlink(kept("it", ""))
code, out, err = inventory("it")
ok(code != 0 and "No such file" in err, "one that is gone neither", (code, err))
configure({"name": "it", "type": "leases", "url": "http://127.0.0.1:1/"})
ok("leases is read from a file" in inventory()[2], "nor a URL")
done()
