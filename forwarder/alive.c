/* SPDX-License-Identifier: Apache-2.0
 * Whether the daemon still does its work. */
#include "forwarder/alive.h"

#include "common/clock.h"

#define STALL_MS 15000 /* a worker that did not tick for so long is stuck */

bool efd_alive(const struct efd *e)
{
	struct batch_pool_state pool;
	batch_pool_get_state(e->shipper ? shipper_pool(e->shipper) : output_pool(e->output), &pool);
	if (pool.free == 0 || clock_now_ms() < e->started_ms + STALL_MS)
		return true;
	for (uint32_t i = 0; i < e->workers_n; i++) {
		struct worker_report report;
		worker_get_report(e->workers[i], &report);
		if (clock_now_ms() > report.made_ms + STALL_MS)
			return false;
	}
	return true;
}
