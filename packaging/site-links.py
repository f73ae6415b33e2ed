#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""site-links.py FOLDER: each link and picture of the pages there leads to something that is there, or the exit code is 1."""
import html.parser
import os
import sys
import urllib.parse


class Page(html.parser.HTMLParser):
	def __init__(self, path):
		super().__init__()
		self.path, self.links, self.names = path, [], set()
		with open(path, encoding="utf-8") as f:
			self.feed(f.read())

	def handle_starttag(self, tag, attrs):
		attrs = dict(attrs)
		self.names |= {attrs[a] for a in ("id", "name") if attrs.get(a)}
		self.links += [attrs[a] for a in ("href", "src") if attrs.get(a)]


def main(folder):
	pages = {}
	for path, _, files in os.walk(folder):
		for name in files:
			if name.endswith(".html"):
				pages[os.path.normpath(os.path.join(path, name))] = Page(os.path.join(path, name))
	dead = []
	for path, page in pages.items():
		for link in page.links:
			to = urllib.parse.urlsplit(link)
			if to.scheme:
				continue
			file = os.path.normpath(os.path.join(os.path.dirname(path), urllib.parse.unquote(to.path))) if to.path else path
			if not os.path.exists(file) or (to.fragment and file in pages and urllib.parse.unquote(to.fragment) not in pages[file].names):
				dead.append(f"{path}: {link}")
	print("\n".join(dead + [f"{len(pages)} pages in {folder}, {len(dead)} dead links"]))
	return 1 if dead or not pages else 0


sys.exit(main(*sys.argv[1:]))
