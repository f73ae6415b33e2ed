# SPDX-License-Identifier: Apache-2.0
"""The records of vendors.yml."""
import os

import stages
import yaml

FLOW = {"type": "ipfix", "exporter": "192.0.2.1", "domain": 1, "received": 1700000000100}
RECORD = {"sourceIPv4Address": "10.0.0.1", "destinationIPv4Address": "198.51.100.2", "protocolIdentifier": 6, "sourceTransportPort": 50000, "destinationTransportPort": 443,
	"octetDeltaCount": 100, "packetDeltaCount": 1}


def line(case):
	return {"@timestamp": "2023-11-14T22:13:20.000Z", "flow": dict(FLOW), "ie": {**({} if case.get("bare") else RECORD), **case["ie"]},
		**({"options": case["options"]} if "options" in case else {})}


def cases():
	with open(os.path.join(stages.HERE, "vendors.yml"), encoding="utf-8") as f:
		return yaml.safe_load(f)
