#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Import the compiled objects through Kibana's saved objects API: import.py KIBANA_URL (ES_USER, ES_PASSWORD)."""
import json
import sys

import rig


def main():
	kibana = sys.argv[1].rstrip("/")
	lines = [json.dumps(rig.fold(o), separators=(",", ":"), ensure_ascii=False) for o in rig.objects()]
	boundary = "----flow"
	body = ("--%s\r\nContent-Disposition: form-data; name=\"file\"; filename=\"flow.ndjson\"\r\nContent-Type: application/ndjson\r\n\r\n%s\r\n--%s--\r\n"
		% (boundary, "\n".join(lines), boundary)).encode()
	status, reply = rig.call(kibana + "/api/saved_objects/_import?overwrite=true", "POST", body, "multipart/form-data; boundary=" + boundary)
	if status != 200 or not reply["success"] or reply["successCount"] != len(lines):
		sys.exit("import: %s %s" % (status, json.dumps(reply)[:1500]))
	print(len(lines), "objects imported")


if __name__ == "__main__":
	main()
