/* SPDX-License-Identifier: Apache-2.0
 * Fuzzing: rows of datagrams (tests/lib/steps.h) as NetFlow 5. */
#include "tests/fuzz/fuzz.h"
#include "tests/lib/steps.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	steps_run(data, size, 5);
	return 0;
}
