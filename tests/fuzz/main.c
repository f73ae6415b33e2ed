/* SPDX-License-Identifier: Apache-2.0
 * Runs a fuzz target without libFuzzer: with each file named on the command line, as a regression
 * test. usage: fuzz_<target> FILE... */
#include <stdio.h>
#include <stdlib.h>

#include "tests/fuzz/fuzz.h"

#define INPUT_MAX (1 << 16)

int main(int argc, char **argv)
{
	static uint8_t input[INPUT_MAX];

	for (int i = 1; i < argc; i++) {
		FILE *f = fopen(argv[i], "rbe");
		size_t size;
		uint8_t *copy;

		if (!f) {
			perror(argv[i]);
			return 1;
		}
		size = fread(input, 1, sizeof(input), f);
		fclose(f);
		/* memory of the exact size, so that the sanitizer sees a read too far */
		copy = malloc(size ? size : 1);
		if (!copy)
			return 1;
		for (size_t k = 0; k < size; k++)
			copy[k] = input[k];
		LLVMFuzzerTestOneInput(copy, size);
		free(copy);
	}
	return 0;
}
