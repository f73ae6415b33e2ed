/* SPDX-License-Identifier: Apache-2.0
 * efctl-inventory: asks one source of inventory.yml and writes its tables. `efctl inventory`
 * starts it, with no cluster's key and as a user of its own. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "common/http.h"
#include "importer/core/memory.h"
#include "importer/core/print.h"
#include "importer/inventory/inv_run.h"

/* A document is larger in memory than on the way: a list of empty lists forty times. */
#define MEMORY_MAX (2ULL << 30)

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif

static void set_limits(const struct inv_source *s)
{
#ifndef SANITIZED /* they reserve far more than they use */
	const struct rlimit memory = { MEMORY_MAX, MEMORY_MAX };

	setrlimit(RLIMIT_AS, &memory);
#endif
	/* what has no limit of its own ends here, too: efctl says so */
	alarm((unsigned)(s->duration / 1000 + 60));
}

static int usage(void)
{
	print_plain(stderr, "Usage: efctl-inventory --file FILE --dir DIR [--dry-run] [--diff] "
			    "[--force] [--json] SOURCE. `efctl inventory` starts this.\n");
	return EF_USAGE;
}

static int read_words(int argc, char **argv, struct inv_order *order, const char **ret_file)
{
	static const struct option options[] = { { "file", required_argument, NULL, 'f' },
						 { "dir", required_argument, NULL, 'd' },
						 { "dry-run", no_argument, NULL, 'n' },
						 { "diff", no_argument, NULL, 'l' },
						 { "force", no_argument, NULL, 'o' },
						 { "json", no_argument, NULL, 'j' },
						 { NULL, 0, NULL, 0 } };

	for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;)
		switch (c) {
		case 'f':
			*ret_file = optarg;
			break;
		case 'd':
			order->dir = optarg;
			break;
		case 'n':
			order->dry_run = true;
			break;
		case 'l':
			order->diff = true;
			break;
		case 'o':
			order->force = true;
			break;
		case 'j':
			order->json = true;
			break;
		default:
			return -1;
		}
	return *ret_file && order->dir && argc - optind == 1 ? 0 : -1;
}

int main(int argc, char **argv)
{
	struct inv_order order = { .in = stdin };
	struct inv_sources list = { .n = 0 };
	struct err err = ERR_NONE;
	const char *file = NULL;

	memory_begin();
	if (read_words(argc, argv, &order, &file))
		return usage();
	int result = http_global_init(&err) || inv_sources_read(file, &list, &err) ? -1 : 0;
	const struct inv_source *s = result ? NULL : inv_source_find(&list, argv[optind], &err);
	if (s) {
		set_limits(s);
		result = inv_run(s, &order, &err);
	}
	inv_sources_release(&list);
	if (!s || result < 0) {
		print_plain(stderr, "%s\n", err.msg);
		result = err.code;
	}
	if (fflush(stdout) != 0 || ferror(stdout)) {
		print_plain(stderr, "efctl-inventory: the result could not be written\n");
		return EF_FAILED;
	}
	return result;
}
