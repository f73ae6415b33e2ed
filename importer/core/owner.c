/* SPDX-License-Identifier: Apache-2.0
 * Who runs efctl: for people, and for another efctl that wants to know whether this one still runs.
 */
#include "importer/core/owner.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"

const char *owner_host(char text[OWNER_HOST_MAX])
{
	if (gethostname(text, OWNER_HOST_MAX - 1) != 0 || !*text)
		snprintf(text, OWNER_HOST_MAX, "unknown");
	text[OWNER_HOST_MAX - 1] = '\0';
	return text;
}

const char *owner_name(char text[OWNER_NAME_MAX])
{
	char host[OWNER_HOST_MAX], number[24];
	const char *user = geteuid() == 0 ? getenv("SUDO_USER") : NULL;
	const struct passwd *entry = user && *user ? NULL : getpwuid(geteuid());
	snprintf(number, sizeof(number), "%u", (unsigned)geteuid());
	if (!user || !*user)
		user = entry ? entry->pw_name : number;
	snprintf(text, OWNER_NAME_MAX, "%.64s@%s", user, owner_host(host));
	return text;
}

/* The boot of the kernel and the process space: the same for those processes only that number
 * alike.
 */
static bool space(char *text, size_t size)
{
	char boot[64] = "", link[64];
	CLEANUP_FILE FILE *f = fopen("/proc/sys/kernel/random/boot_id", "re");
	ssize_t n = readlink("/proc/self/ns/pid", link, sizeof(link) - 1);
	if (!f || n <= 0 || fscanf(f, "%60s", boot) != 1)
		return false;
	link[n] = '\0';
	return snprintf(text, size, "%s %s", boot, link) < (int)size;
}

/* When a process began, in the kernel's clock ticks; 0: it does not run. proc(5): the second word,
 * the program's name, may hold anything; the third one is the state, the 22nd the start. */
static unsigned long long began(long pid)
{
	char path[40], line[1024];
	unsigned long long start = 0;
	snprintf(path, sizeof(path), "/proc/%ld/stat", pid);
	CLEANUP_FILE FILE *f = fopen(path, "re");
	if (!f || !fgets(line, sizeof(line), f))
		return 0;
	char *word = strrchr(line, ')');
	if (!word || word[1] != ' ' || word[2] == 'Z' || word[2] == 'X')
		return 0;
	word += 2;
	for (int i = 3; i < 22 && word; i++)
		if ((word = strchr(word, ' ')))
			word++;
	if (word)
		start = strtoull(word, NULL, 10);
	return start;
}

const char *owner_process(char text[OWNER_PROCESS_MAX])
{
	char where[128];
	unsigned long long start = began(getpid());
	*text = '\0';
	if (start && space(where, sizeof(where)))
		snprintf(text, OWNER_PROCESS_MAX, "%s %ld %llu", where, (long)getpid(), start);
	return text;
}

bool owner_is_dead(const char *text)
{
	char here[128];
	if (!space(here, sizeof(here)))
		return false;
	size_t n = strlen(here);
	char *end;
	if (strncmp(text, here, n) != 0 || text[n] != ' ')
		return false;
	long pid = strtol(text + n + 1, &end, 10);
	return pid > 0 && *end == ' ' && began(pid) != strtoull(end + 1, NULL, 10);
}
