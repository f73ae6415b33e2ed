# SPDX-License-Identifier: Apache-2.0
"""The elements of forwarder/fields, by the names that efd writes."""
import csv
import glob
import os

FIELDS = os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "..", "forwarder", "fields")


def rows(path):
	"""Of a table below forwarder/fields."""
	with open(os.path.join(FIELDS, path), encoding="utf-8") as f:
		return list(csv.DictReader(f))


def elements():
	"""[(name, type)]: IANA's, then the vendors'."""
	out = [(r["name"], r["type"]) for r in rows("iana.csv")]
	for path in sorted(glob.glob(os.path.join(FIELDS, "vendor", "*.csv"))):
		out += [(os.path.basename(path)[:-4] + "." + r["name"], r["type"]) for r in rows(path)]
	return out


def names():
	"""All names, those of IANA's elements in the reverse direction (RFC 5103) too."""
	return {name for name, _ in elements()} | {"reverse" + r["name"][0].upper() + r["name"][1:] for r in rows("iana.csv")}
