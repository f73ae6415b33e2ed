/* SPDX-License-Identifier: Apache-2.0
 * The one function of a fuzz target; libFuzzer calls it, or main.c with the files that it is
 * given. */
#ifndef EF_TESTS_FUZZ_FUZZ_H
#define EF_TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
