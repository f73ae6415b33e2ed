# SPDX-License-Identifier: Apache-2.0
"""Ports and waiting."""
import socket
import time


def free_port(kind=socket.SOCK_STREAM):
	"""A port that nobody uses on 127.0.0.1 right now."""
	with socket.socket(socket.AF_INET, kind) as s:
		s.bind(("127.0.0.1", 0))
		return s.getsockname()[1]


def free_udp_port():
	return free_port(socket.SOCK_DGRAM)


def wait_for(ready, what, seconds=60, every=0.1):
	"""Poll READY() until it returns something true, and return that. TimeoutError names WHAT never came."""
	end = time.monotonic() + seconds
	while True:
		value = ready()
		if value:
			return value
		if time.monotonic() > end:
			raise TimeoutError(f"{what}: not within {seconds} s")
		time.sleep(every)
