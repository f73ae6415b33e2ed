# SPDX-License-Identifier: Apache-2.0
"""Users of a secured cluster with the roles that the manual (docs/efctl.md) recommends."""
import atexit
import json
import os
import re

import cluster

MANUAL = os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "..", "docs", "efctl.md")
PASSWORD = "no-secret-of-anybody"


def of_manual(name):
	with open(MANUAL, encoding="utf-8") as f:
		return json.loads(re.search(rf"PUT /_security/role/{name}\n(.*?)\n(?:```|\n)", f.read(), re.S).group(1))


def user(es, name, *roles):
	"""ES as a user of its own with ROLES: names of the manual's, or what PUT /_security/role takes. All gone at the end."""
	name = f"{name}-{os.getpid()}"
	names = [f"{name}-{n}" for n in range(len(roles))]
	for made, role in zip(names, roles):
		es.must("PUT", f"/_security/role/{made}", of_manual(role) if isinstance(role, str) else role)
		atexit.register(es.delete, f"/_security/role/{made}")
	es.must("PUT", f"/_security/user/{name}", {"password": PASSWORD, "roles": names})
	atexit.register(es.delete, f"/_security/user/{name}")
	return cluster.Cluster(es.url, name, PASSWORD, ca_file=es.ca_file)
