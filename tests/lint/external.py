#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`make links`: every link of the pages to somebody else's page is asked for once, over the network; those that do not answer are listed.

By hand, not in `make lint`: other people's servers are not ours to depend on. Some refuse programs (403, 429): they are listed apart."""
import collections
import concurrent.futures
import http.client
import sys
import urllib.error
import urllib.request

from test_docs import LINK, prose
from tree import read, tracked

AT_ONCE, SECONDS = 8, 20


def ask(url):
	"""The status, or the error as text."""
	request = urllib.request.Request(url, headers={"User-Agent": "Mozilla/5.0 (links)"})
	try:
		with urllib.request.urlopen(request, timeout=SECONDS) as reply:
			return reply.status
	except urllib.error.HTTPError as e:
		return e.code
	except (OSError, http.client.HTTPException) as e:
		return str(e)


def main():
	on = collections.defaultdict(list)
	for page in tracked("*.md"):
		for url in LINK.findall(prose(read(page))):
			if url.startswith(("http://", "https://")):
				on[url.partition("#")[0]].append(page)
	with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
		answers = dict(zip(on, pool.map(ask, on)))
	bad = {u: a for u, a in answers.items() if a != 200}
	for url, answer in sorted(bad.items(), key=lambda i: (i[1] in (403, 429), i[0])):
		print(f"{answer}\t{url}\t{', '.join(sorted(set(on[url])))}")
	print(f"{len(on)} links, {len(on) - len(bad)} answered 200")
	return 1 if any(a not in (403, 429) for a in bad.values()) else 0


sys.exit(main())
