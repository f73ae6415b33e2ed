#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# tests/demo/demo.sh start|stop: from nothing to a table of top talkers and a report, on loopback; called by `make demo` and `make demo-stop`.
# DEMO_PORT: where the search engine listens (19200). It and its data stay until stop.
set -euo pipefail
cd "$(dirname "$0")/../.."

port=${DEMO_PORT:-19200}
build=${BUILD:-build}
engine=tests/engine/engine

if [ "${1:-}" = stop ]; then
	exec "$engine" stop opensearch --port "$port" --wipe
fi
"$engine" start opensearch --port "$port" >/dev/null
url=$("$engine" url opensearch --port "$port")
export EF_ELASTICSEARCH_URL=$url ES_URL=$url

# The records of an earlier demo would count twice.
curl -s -o /dev/null -X DELETE "$url/_data_stream/logs-flow-default,metrics-flow.counters-default,metrics-flow.exporters-default"
"$build/efctl" setup --yes --no-connection --dictionaries-dir tests/demo/dictionaries
"$build/efctl" replay --now tests/captures/*.pcap
python3 tests/demo/report.py
report=$(realpath "$build")/demo-report.html
"$build/efctl" report -o "$report"
cat <<EOF

Open $report in a browser: a report of these flows, which needs neither Kibana nor a network.
The search engine stays at $url; look around:
  curl '$url/logs-flow-default/_search?pretty&size=1'
  EF_ELASTICSEARCH_URL=$url $build/efctl replay --now your-own.pcap
make demo-stop ends it and removes its data.
EOF
