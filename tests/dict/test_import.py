#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Other people's files to dictionaries: hosts, zones, leases, MAC listings, MMDB; and MMDB files asked for an address."""
import json
import os
import random
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "lib")]
import mmdb_file  # noqa: E402
from tap import done, note, ok, same  # noqa: E402

EFCTL = os.environ.get("EFCTL") or os.path.join(HERE, "..", "..", os.environ.get("BUILD", "build"), "efctl")
dir_ = tempfile.TemporaryDirectory()
DIR = dir_.name


def efctl(*args):
	r = subprocess.run([EFCTL, "dictionaries", *args], capture_output=True, text=True)
	return r.returncode, r.stdout, r.stderr


def imported(kind, name, text, dictionary, *more):
	"""The rows that come out; what comes out must be a dictionary that can be used."""
	path = os.path.join(DIR, name)
	with open(path, "w") as f:
		f.write(text)
	code, out, err = efctl("import", kind, path, *more)
	if code:
		note(err)
		return code
	with tempfile.TemporaryDirectory() as d:
		with open(os.path.join(d, dictionary + ".csv"), "w") as f:
			f.write(out)
		code, _, err = efctl("show", dictionary, "--dictionaries-dir", d)
		ok(code == 0, f"{name}: what comes out is a {dictionary}.csv", err)
	return out.splitlines()[1:]


same(imported("hosts", "hosts", "127.0.0.1 localhost\n::1 localhost ip6-localhost\nff02::1 ip6-allnodes\n# 10.0.0.9 no\n"
	"10.0.0.1\tgw gw.example.org # the gateway\n2001:DB8::1  v6\n10.0.0.1 again\nnonsense words\n", "hosts"),
	["10.0.0.1,gw", "2001:db8::1,v6"], "hosts file")
same(imported("zone", "db.example.org", """$TTL 1h
@ IN SOA ns1 admin ( 2026010101 ; serial
	3600 900 ; A 10.9.9.9
	604800 300 )
	IN NS ns1
ns1	3600 IN A 10.0.0.2
www IN 300 A 10.0.0.3
	AAAA 2001:db8::3
mail.example.net. A 10.0.0.4
ftp CNAME www
$ORIGIN sub.example.org.
a A 10.0.0.5
$ORIGIN deeper
b A 10.0.0.6
key._domainkey TXT ( "v=DKIM1; k=rsa; " "p=(" ) ; one line
c A 10.0.0.7
note TXT "not closed ( and ; \\" neither" ( ; comment (
	more )
d A 10.0.0.8
$INCLUDE other.zone
$GENERATE 1-9 h$ A 10.0.1.$
""", "hosts"), ["10.0.0.2,ns1.example.org", "10.0.0.3,www.example.org", "2001:db8::3,www.example.org", "10.0.0.4,mail.example.net",
	"10.0.0.5,a.sub.example.org", "10.0.0.6,b.deeper.sub.example.org", "10.0.0.7,c.deeper.sub.example.org", "10.0.0.8,d.deeper.sub.example.org"], "zone file")
code, out, err = efctl("import", "zone", os.path.join(DIR, "db.example.org"))
ok("8 rows, 2 left out" in err, "zone file: what other files or a counter would make is counted as left out", err)
for name in "example.net", "example.net.zone", "example.net.db", "db.example.net":
	same(imported("zone", name, "a A 10.0.0.1\n", "hosts"), ["10.0.0.1,a.example.net"], f"zone file without $ORIGIN: {name}")
same(imported("leases", "dhcpd.leases", """# comment
lease 10.0.1.1 {
  binding state active;
  next binding state free;
  client-hostname "one";
}
lease 10.0.1.2 {
  binding state free;
  client-hostname "gone";
}
lease 10.0.1.3 { binding state active; }
lease 10.0.1.1 {
  binding state active;
  client-hostname "one-new";
}
""", "hosts"), ["10.0.1.1,one-new"], "leases of ISC dhcpd: the last block of an address counts")
same(imported("leases", "kea.csv", "address,hwaddr,client_id,valid_lifetime,expire,subnet_id,fqdn_fwd,fqdn_rev,hostname,state\n"
	"10.0.2.1,00:00:5e:00:53:01,,3600,1,1,0,0,kea1.example.org.,0\n10.0.2.2,00:00:5e:00:53:02,,3600,1,1,0,0,old,2\n"
	"10.0.2.3,00:00:5e:00:53:03,,3600,1,1,0,0,gone,0\n10.0.2.3,00:00:5e:00:53:03,,0,1,1,0,0,gone,0\n", "hosts"),
	["10.0.2.1,kea1.example.org"], "leases of Kea: neither reclaimed nor deleted ones")
same(imported("leases", "dnsmasq.leases", "1700000000 00:00:5e:00:53:01 10.0.3.1 phone 01:00\n1700000000 00:00:5e:00:53:02 10.0.3.2 * *\n", "hosts"),
	["10.0.3.1,phone"], "leases of dnsmasq")
path = os.path.join(DIR, "hostile.leases")
for name, text in (("dnsmasq", b"1700000000 00:00:5e:00:53:01 10.0.3.1 m\xfcller 01:00\n1700000000 00:00:5e:00:53:02 10.0.3.2 good *\n"),
		("ISC dhcpd", b'lease 10.0.3.1 {\n  binding state active;\n  client-hostname "m\xfcller";\n}\nlease 10.0.3.2 {\n  binding state active;\n'
		b'  client-hostname "good";\n}\n'),
		("Kea", b"address,hostname\n10.0.3.1,m\xfcller\n10.0.3.2,good\n")):
	with open(path, "wb") as f:
		f.write(text)
	code, out, err = efctl("import", "leases", path)
	same((code, out.splitlines()[1:], "1 rows, 1 left out" in err), (0, ["10.0.3.2,good"], True), f"leases of {name}: a name that is no UTF-8 is left out alone") or note(err)
with open(path, "wb") as f:
	f.write(b"10.0.4.1 m\xfcller\n10.0.4.2 b\x1bell\n10.0.4.3 good\n")
code, out, err = efctl("import", "hosts", path)
same((code, out.splitlines()[1:], "2 rows, 1 left out" in err), (0, ["10.0.4.2,b ell", "10.0.4.3,good"], True),
	"hosts file: what no dictionary takes does not get into one") or note(err)
same(imported("oui", "oui.csv", 'Registry,Assignment,Organization Name,Organization Address\nMA-L,00005E,"Names, Inc.",Street\nMA-S,70B3D5000,Small,"X, Y"\n', "oui"),
	['00005E/24,"Names, Inc."', "70B3D5000/36,Small"], "listing of MAC prefixes")

city = {"country": {"iso_code": "DE"}, "city": {"names": {"en": "Berlin, Mitte"}}, "location": {"latitude": 52.520008, "longitude": 13.405},
	"subdivisions": [{"names": {"en": "Land Berlin"}}], "traits": {"big": 1 << 40, "flag": True}}
other = {**city, "city": {"names": {"en": "Köln"}}}
nothing = {"traits": {"flag": False}}
path = os.path.join(DIR, "test.mmdb")
mmdb_file.write(path, {"10.0.0.0/25": city, "10.0.0.128/25": city, "10.0.1.0/24": city, "10.0.2.0/24": other, "10.0.3.0/24": city,
	"192.0.2.0/24": nothing, "2001:db8::/33": city, "2001:db8:8000::/33": city}, 6, ("2002::/16", "::ffff:0:0/96"))
fields = "country=country.iso_code,city=city.names.en,region=subdivisions.0.names.en,latitude=location.latitude"
code, out, err = efctl("import", "mmdb", path, "--field", fields)
same((code, out.splitlines()), (0, ["prefix,country,city,region,latitude", '10.0.0.0/23,DE,"Berlin, Mitte",Land Berlin,52.520008',
	"10.0.2.0/24,DE,Köln,Land Berlin,52.520008", '10.0.3.0/24,DE,"Berlin, Mitte",Land Berlin,52.520008', '2001:db8::/32,DE,"Berlin, Mitte",Land Berlin,52.520008']),
	"MMDB: neighbours with the same values are joined, records without any left out") or note(err)
for wrong, why in (("nothing", "COLUMN=PATH"), ("colour=a.b", "no column"), ("prefix=a", "no column")):
	code, out, err = efctl("import", "mmdb", path, "--field", wrong)
	ok(code == 2 and why in err, f"--field {wrong}", err)

code, out, err = efctl("lookup", "10.0.0.7", "2001:db8::1", "--json", "--mmdb", path)
ok(code == 0 and out.count("Berlin, Mitte") == 2 and str(1 << 40) in out, "lookup asks MMDB files", out + err)
ok("52.520008," in out and "52.520008}" not in out, "with the digits that the file has", out)
same(json.loads(efctl("lookup", "11.0.0.7", "--json", "--mmdb", path)[1]), {}, "an address that nobody knows")
code, out, err = efctl("lookup", "10.0.0.7", "--mmdb", os.path.join(DIR, "hosts"))
ok(code == 2 and "hosts" in err, "a file that is no MMDB", err)

random.seed(4)
flat = {f"{random.randrange(1, 224)}.{i >> 8}.{i & 255}.0/24": {"as": {"number": 64500 + i % 7, "name": f"AS {i % 7}"}} for i in range(2000)}
path4 = os.path.join(DIR, "asn.mmdb")
mmdb_file.write(path4, flat, 4)
code, out, err = efctl("import", "mmdb", path4, "--field", "as_number=as.number,as_name=as.name")
rows = dict(line.split(",", 1) for line in out.splitlines()[1:])
same(rows, {k: f"{v['as']['number']},{v['as']['name']}" for k, v in flat.items()}, "MMDB of IPv4 alone, 2,000 networks")

with open(path4, "rb") as f:
	good = f.read()
for name, bad, why in (("circle", bytes([0, 0, 1] * 4) + good[12:], "goes in circles"), ("zero", bytes(6) + good[6:], "corrupt"), ("cut", good[:len(good) // 2], "cut.mmdb"), ("empty", b"", "empty.mmdb")):
	path = os.path.join(DIR, name + ".mmdb")
	with open(path, "wb") as f:
		f.write(bad)
	code, out, err = efctl("import", "mmdb", path, "--field", "as_number=as.number")
	ok(code in (1, 2) and why in err, f"MMDB that is damaged: {name}", err)
done()
