# SPDX-License-Identifier: Apache-2.0
"""What doctor can say that is not fine: the formats of its findings, read out of the sources."""
import re

from tree import read, tracked

CALL = re.compile(r"\b(?:say|finding_add|finding_add_list|bad|add)\(")
STRING = re.compile(r'"((?:[^"\\]|\\.)*)"')


def arguments(text, start):
	"""The text between the parenthesis before START and its partner."""
	depth, i = 1, start
	while depth:
		if m := STRING.match(text, i):
			i = m.end()
			continue
		depth += {"(": 1, ")": -1}.get(text[i], 0)
		i += 1
	return text[start:i - 1]


def formats(source):
	"""(verdict, format with … for what is filled in) of each finding in a file."""
	text = re.sub(r"/\*.*?\*/", " ", source, flags=re.S)
	for m in CALL.finditer(text):
		inner = arguments(text, m.end())
		verdict = re.search(r"\b(ODD|BAD|UNKNOWN)\b", inner)
		if not verdict:
			continue
		# the format: the first strings that follow each other
		run = re.search(r'"(?:[^"\\]|\\.)*"(?:\s*(?:PRI\w+|[A-Z_]+\("[^"]*"\))?\s*"(?:[^"\\]|\\.)*")*', inner[verdict.end():])
		words = "".join(STRING.findall(run[0])) if run else ""
		words = re.sub(r"%[-+ 0#]*[\d.*]*(?:hh|h|ll|l|z|j)?[a-zA-Z]", "…", words).replace("%%", "%").replace('\\"', '"')
		if words.strip("… :;,"):
			yield verdict[1], words


def messages():
	"""[(file, verdict, text)]"""
	return [(path, *f) for path in tracked("importer/*.c") for f in formats(read(path))]
