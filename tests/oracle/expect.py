# SPDX-License-Identifier: Apache-2.0
"""What the raw lines of a capture must say, worked out a second time: from the wire values of an independent decode
(one JSON object a datagram: sets, templates, records as [pen, element, length, hex]) and the tables in forwarder/fields.
Nothing here is shared with the C code, so that a mistake has to be made twice to stay unseen."""
import csv
import glob
import ipaddress
import os
import struct

NUMBERS = {"unsigned8", "unsigned16", "unsigned32", "unsigned64", "dateTimeMilliseconds"}
SIGNED = {"signed8", "signed16", "signed32", "signed64"}
LISTS = {"basicList", "subTemplateList", "subTemplateMultiList"}
SEMANTICS = {0: "noneOf", 1: "exactlyOneOf", 2: "oneOrMoreOf", 3: "allOf", 4: "ordered"}
RELATIVE = {22: 152, 158: 152, 21: 153, 159: 153}
NTP_1970 = 2208988800
TEACHES = {34, 50, 82, 83, 84, 94, 95, 96, 160, 236, 303, 305, 309, 311, 335, 341, 40, 41, 42, 318, 319}
LEGACY = {  # names of the independent decode: element
	"srcaddr": 8, "dstaddr": 12, "nexthop": 15, "input": 10, "output": 14, "dPkts": 2, "dOctets": 1, "first": 22,
	"last": 21, "srcport": 7, "dstport": 11, "tcp_flags": 6, "prot": 4, "tos": 5, "src_as": 16, "dst_as": 17,
	"src_mask": 9, "dst_mask": 13, "router_sc": 130,
}


class Registry:
	"""(pen, id) -> (name, type)."""

	def __init__(self, folder):
		self.rows = {}
		with open(os.path.join(folder, "vendors.csv"), encoding="utf-8") as f:
			numbers = list(csv.DictReader(f))
		vendors = {r["key"]: int(r["pen"]) for r in numbers if not r["elements_of"]}
		for r in self._read(os.path.join(folder, "iana.csv")):
			self.rows[0, int(r["id"])] = (r["name"], r["type"])
		for path in glob.glob(os.path.join(folder, "vendor", "*.csv")):
			key = os.path.basename(path)[:-4]
			for r in self._read(path):
				self.rows[vendors[key], int(r["id"])] = (f"{key}.{r['name']}", r["type"])
		for r in numbers:  # a vendor may send another's number for its own
			if r["elements_of"]:
				self.rows.update({(int(r["pen"]), ie): v for (pen, ie), v in self.rows.items() if pen == int(r["elements_of"])})
		self.netflow9 = [tuple(int(r[k]) for k in ("first", "last", "pen", "element"))
				 for r in self._read(os.path.join(folder, "netflow9.csv"))]
		self.netflow9.sort(key=lambda r: (r[1] - r[0], r[0]))  # the narrowest range wins

	@staticmethod
	def _read(path):
		with open(path, encoding="utf-8") as f:
			return list(csv.DictReader(line for line in f if not line.startswith("#")))

	def find(self, pen, ie, netflow9=False):
		if pen == 0xffffffff:  # a NetFlow 9 type in IPFIX, as ipfixcol2 converts it
			name = self.find(0, ie | 0x8000, True)
			return name if not name[0].startswith("pen") else (f"pen{pen}.{ie}", "octetArray")
		if pen == 0 and netflow9:
			for first, last, vendor, element in self.netflow9:
				if first <= ie <= last and (vendor, element + ie - first) in self.rows:
					return self.rows[vendor, element + ie - first]
		if pen == 29305 and (0, ie) in self.rows:
			name, kind = self.rows[0, ie]
			return "reverse" + name[0].upper() + name[1:], kind
		return self.rows.get((pen, ie), (f"pen{pen}.{ie}", "octetArray"))


def ntp_ms(raw, unit):
	"""Milliseconds of an NTP time stamp that was sent in units of 1/UNIT seconds."""
	seconds, fraction = struct.unpack(">II", raw)
	if raw == bytes(8):
		return 0
	if not seconds >> 31:
		seconds += 1 << 32
	if unit == 10**6:
		fraction &= ~0x7ff
	return max(0, (seconds - NTP_1970) * 1000 + round(fraction * unit / 2**32) * 1000 // unit)


def text(raw):
	return raw.rstrip(b"\0").decode("utf-8", "replace")


def application(raw):
	if len(raw) > 9 and not (raw[0] == 20 and len(raw) <= 13):
		return raw.hex()
	if raw[0] == 20 and len(raw) >= 5:
		return f"20:{int.from_bytes(raw[1:5], 'big')}:{int.from_bytes(raw[5:], 'big')}"
	return f"{raw[0]}:{int.from_bytes(raw[1:], 'big')}"


def real(raw):
	v = struct.unpack(">f" if len(raw) == 4 else ">d", raw)[0]
	if v != v or v in (float("inf"), float("-inf")):
		return None
	if len(raw) == 4:  # the shortest number that is the same float32
		return next(x for x in (float(f"%.{digits}g" % v) for digits in range(1, 18)) if struct.pack(">f", x) == raw)
	return v


class Exporter:
	"""What has to be known of an exporter and domain: templates for lists, the start time."""

	def __init__(self):
		self.templates = {}
		self.init = None


class Expect:
	def __init__(self, registry):
		self.registry = registry
		self.exporters = {}

	def value(self, kind, raw, env):
		n = len(raw)
		if n == 0 and kind not in ("string", "octetArray"):
			return None
		number = int.from_bytes(raw, "big")
		if kind in NUMBERS and n <= 8:
			return number
		if kind in SIGNED and n <= 8:
			return int.from_bytes(raw, "big", signed=True)
		if kind in ("float32", "float64") and n in (4, 8):
			return real(raw)
		if kind == "boolean" and n == 1:
			return {0: False, 1: True, 2: False}.get(number)
		if kind == "macAddress" and n == 6:
			return raw.hex(":")
		if kind in ("ipv4Address", "ipv6Address") and n in (4, 16):
			ip = ipaddress.ip_address(raw)
			mapped = getattr(ip, "ipv4_mapped", None)
			return f"::ffff:{mapped}" if mapped else str(ip)
		if kind == "string":
			return text(raw)
		if kind == "dateTimeSeconds" and n <= 8:
			return number * 1000
		if kind == "dateTimeMicroseconds" and n == 8:
			return ntp_ms(raw, 10**6)
		if kind == "dateTimeNanoseconds" and n == 8:
			return ntp_ms(raw, 10**9)
		if kind == "applicationId":
			return application(raw)
		if kind in LISTS:
			return self.list(kind, raw, env)
		return raw.hex()

	# ---- RFC 6313 ----

	def list(self, kind, raw, env):
		semantic = SEMANTICS.get(raw[0], "undefined")
		if kind == "basicList":
			ie, width = struct.unpack_from(">HH", raw, 1)
			at, pen = 5, 0
			if ie & 0x8000:
				pen, at = struct.unpack_from(">I", raw, 5)[0], 9
			name, inner = self.registry.find(pen, ie & 0x7fff)
			out = []
			while at < len(raw):
				n, at = self.width(raw, at, width)
				out.append(self.value(inner, raw[at:at + n], env))
				at += n
			return {"semantic": semantic, name: out}
		if kind == "subTemplateList":
			return {"semantic": semantic, "list": self.records(struct.unpack_from(">H", raw, 1)[0], raw[3:], env)}
		out, at = [], 1
		while at < len(raw):
			tid, n = struct.unpack_from(">HH", raw, at)
			out += self.records(tid, raw[at + 4:at + n], env)
			at += n
		return {"semantic": semantic, "list": out}

	@staticmethod
	def width(raw, at, width):
		if width != 65535:
			return width, at
		n, at = raw[at], at + 1
		if n == 255:
			n, at = struct.unpack_from(">H", raw, at)[0], at + 2
		return n, at

	def records(self, tid, raw, env):
		fields = env["exporter"].templates.get(tid)
		if fields is None:
			return [{"template": tid, "data": raw.hex()}] if raw else []
		out, at = [], 0
		while at < len(raw):
			record = []
			for pen, ie, width in fields:
				n, at = self.width(raw, at, width)
				record.append([pen, ie, n, raw[at:at + n].hex()])
				at += n
			out.append(self.members(record, fields, env))
		return out

	# ---- a record ----

	def members(self, record, fields, env):
		out, counts = {}, {}
		have = {(f[0], f[1]) for f in fields}
		own = dict(env)
		for pen, ie, _, raw in record:
			if (pen, ie) == (0, 160) and int(raw or "0", 16):
				own["init"] = int(raw, 16)
		uptime = own["uptime"]
		if uptime is None and own.get("init") and own["init"] <= own["exported"]:
			uptime = (own["exported"] - own["init"]) & 0xffffffff
		if uptime is not None:  # a flow does not end long after its export
			for pen, ie, _, raw in record:
				if (pen, ie) == (0, 21):
					ahead = (int(raw, 16) - uptime) & 0xffffffff
					if ahead < 1 << 31 and ahead > 3600000:
						uptime = int(raw, 16)
					break
		for (pen, ie, n, raw), field in zip(record, fields):
			if len(field) > 2 and field[2] == 0:  # no width in the template: it is never there
				continue
			name, value = self.member(pen, ie, bytes.fromhex(raw), own, uptime, have)
			counts[name] = counts.get(name, 0) + (value is not None or n > 0)
			if value is not None or n > 0:
				out.setdefault(name, []).append(value)
		return {k: v if len(v) > 1 else v[0] for k, v in out.items() if v != [None]}

	def member(self, pen, ie, raw, env, uptime, have):
		name, kind = self.registry.find(pen, ie, env["netflow9"])
		absolute = RELATIVE.get(ie) if pen == 0 and 0 < len(raw) <= 8 else None
		if absolute and (0, absolute) not in have and not (ie > 100 and (0, 22 if ie == 158 else 21) in have):
			v = int.from_bytes(raw, "big")
			if ie > 100:
				return self.registry.find(0, absolute)[0], env["exported"] - v // 1000
			if uptime is not None:
				back = (uptime - v) & 0xffffffff
				back -= (back >> 31) << 32
				return self.registry.find(0, absolute)[0], env["exported"] - back
		return name, self.value(kind, raw, env)

	# ---- a datagram ----

	def exporter(self, d):
		return self.exporters.setdefault((d["src"], d["version"], d["odid"]), Exporter())

	def lines(self, d):
		"""The flow lines of one datagram: {"type", "domain", "seq", "template", "exported", "ie"}."""
		if d.get("version") in (1, 5, 7):
			return self.legacy(d)
		if d.get("version") not in (9, 10):
			return []
		netflow9 = d["version"] == 9
		exported = 1000 * (d["unix_secs"] if netflow9 else d["export_time"])
		exporter = self.exporter(d)
		env = {"exported": exported, "uptime": d.get("sys_uptime") if netflow9 else None, "netflow9": netflow9,
		       "exporter": exporter, "init": exporter.init}
		out = []
		for s in d["sets"]:
			for t in s.get("templates", []) + s.get("options", []):
				if "fields" in t:
					exporter.templates[t["id"]] = t["fields"]
			if s.get("scope"):
				for record in s.get("records", []):
					for pen, ie, n, raw in record:
						if (pen, ie) == (0, 160):
							exporter.init = env["init"] = int(raw, 16)
				continue
			scopeless = s.get("scope") == 0 and self.is_options(d, s)
			for record in s.get("records", []):
				if scopeless and any(pen == 0 and ie in TEACHES for pen, ie, _, _ in record):
					continue
				fields = exporter.templates.get(s["id"], [r[:2] for r in record])
				out.append({"type": "netflow9" if netflow9 else "ipfix", "exporter": d["src"], "domain": d["odid"],
					    "seq": d["seq"], "template": s["id"], "exported": exported,
					    "ie": self.members(record, fields, env)})
		return out

	def is_options(self, d, s):
		"""Options templates without scope are options all the same, as far as something can be learnt from them."""
		return (d["src"], d["odid"], s["id"]) in self.scopeless

	scopeless = frozenset()

	def note_scopeless(self, datagrams):
		self.scopeless = {(d["src"], d["odid"], t["id"]) for d in datagrams for s in d.get("sets", [])
				  for t in s.get("options", []) if t.get("scope") == 0}

	def legacy(self, d):
		exported = d["unix_secs"] * 1000 + d["unix_nsecs"] // 10**6
		env = {"exported": exported, "uptime": d["sys_uptime"], "netflow9": False, "exporter": None}
		out = []
		for r in d["records"]:
			record = []
			for name, v in r.items():
				if name not in LEGACY:
					continue
				raw = ipaddress.ip_address(v).packed if isinstance(v, str) else v.to_bytes(4, "big")
				record.append([0, LEGACY[name], 4, raw.hex()])
			domain = d.get("engine_type", 0) * 256 + d.get("engine_id", 0)
			line = {"type": f"netflow{d['version']}", "exporter": d["src"], "domain": domain,
				"seq": d.get("flow_sequence", 0), "exported": exported,
				"ie": self.members(record, [x[:2] for x in record], env)}
			if d.get("sampling_interval"):
				line["sampling"] = {"rate": d["sampling_interval"], "origin": "header"}
			out.append(line)
		return out
