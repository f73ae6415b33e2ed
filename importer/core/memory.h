/* SPDX-License-Identifier: Apache-2.0
 * Where efctl has no memory for a JSON tree, a hash table or OpenSSL it ends: half of one must
 * never look like a whole.
 *
 * Whoever allocates memory by itself says so in its error, as everywhere else. */
#ifndef EF_IMPORTER_MEMORY_H
#define EF_IMPORTER_MEMORY_H

/* Makes it so; the first call of main(), before anything of the libraries is used. */
void memory_begin(void);

/* Says so on standard error and exits with EF_FAILED. */
_Noreturn void memory_out(void);

#define uthash_fatal(message) memory_out()
#include <uthash.h>

#endif
