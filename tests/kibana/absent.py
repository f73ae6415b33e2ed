# SPDX-License-Identifier: Apache-2.0
"""What becomes of records that lack the field a panel splits by: read from the compiled panel, as docs/dashboards.md lists it."""
import saved

LINE = "a line *no …*, and *all others*"
ROW = "a row *no …*, and *all others*"
NODE = "a node *no …* in each column, and *other*"
BUCKET = "*(missing value)* and *Other*"
ABOUT = "left out: the panel is about those that have it"
LISTED = "left out, and so is the rest: *Share of rows* is of those"
OUT = "left out: no share is shown, and the key figures have all"
NUMBER = "left out: Lens knows no missing numbers"
INTERFACE = "left out: what names no interface is no interface's"
HOW = [LINE, ROW, NODE, BUCKET, ABOUT, LISTED, OUT, NUMBER, INTERFACE]


def of_vega(spec):
	about, names = spec["description"], {d["name"] for d in spec["data"]}
	if about.startswith("Rates over time by"):
		return LINE if "absent" in names else ABOUT
	if about.startswith(("Mean and highest", "95th percentile")):
		return INTERFACE
	return ROW if about.startswith(("The largest by", "As seen from the host")) else NODE if about.startswith("The largest flows") else None


def of_lens(attributes, layer):
	terms = [c["params"] for c in layer["columns"].values() if c["operationType"] == "terms"]
	labels = {c.get("label") for c in layer["columns"].values()}
	if not terms:
		return None
	if all(t.get("missingBucket") or not t.get("otherBucket") for t in terms) and any(t.get("missingBucket") for t in terms):
		return BUCKET
	if attributes["state"]["query"]["query"]:
		return ABOUT
	return LISTED if "Share of rows" in labels else NUMBER if terms[0].get("otherBucket") else OUT


def table(objects):
	"""{how: {dashboard: [titles]}} of all panels that split by a field."""
	out = {}
	for d, p in saved.panels(objects):
		spec = saved.vega_spec(p)
		how = of_vega(spec) if spec else next((of_lens(a, layer) for a, layer in saved.lens_layers(p)), None) if p["type"] == "lens" else None
		if how:
			name = saved.where(d, p).split("'")[1]
			out.setdefault(how, {}).setdefault(d["id"][5:], []).append(name.replace(", in steps of 5m or more", ""))
	return out


def text(objects):
	"""The rows of the manual's table."""
	rows = table(objects)
	return "".join("| %s | %s |\n" % (how, "; ".join("`%s`: %s" % (d, " · ".join(titles)) for d, titles in sorted(rows[how].items()))) for how in HOW if how in rows)
