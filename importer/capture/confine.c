/* SPDX-License-Identifier: Apache-2.0
 * Gives up the privileges that opening an interface needs, before the first packet is read. */
#include "importer/capture/confine.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/sandbox.h"

#define NOBODY 65534U /* the kernel's own number for it, too */

/* A user or group in the environment of sudo; 0: none. */
static unsigned sudo_number(const char *name)
{
	const char *text = getenv(name);
	char *end;
	unsigned long number = text ? strtoul(text, &end, 10) : 0;
	return text && *text && !*end && number < UINT32_MAX ? (unsigned)number : 0;
}

static int leave_root(int output, struct err *err)
{
	uid_t uid = sudo_number("SUDO_UID");
	gid_t gid = sudo_number("SUDO_GID");
	if (uid && gid && fchown(output, uid, gid) != 0)
		return err_errno(err, EF_FAILED, errno, "cannot give the file to user %u", uid);
	if (!uid || !gid)
		uid = gid = NOBODY;
	if (setgroups(0, NULL) != 0 || setresgid(gid, gid, gid) != 0 ||
	    setresuid(uid, uid, uid) != 0)
		return err_errno(err, EF_FAILED, errno, "cannot become user %u", uid);
	return 0;
}

/* Of a program that was given some without root. */
static int drop_capabilities(struct err *err)
{
	struct __user_cap_header_struct head = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct none[2] = { 0 };
	if (syscall(SYS_capset, &head, none) != 0)
		return err_errno(err, EF_FAILED, errno, "cannot give up capabilities");
	return 0;
}

int confine(int output, bool *ret_filtered, struct err *err)
{
	if (geteuid() == 0 && leave_root(output, err))
		return -1;
	if (drop_capabilities(err))
		return -1;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
		return err_errno(err, EF_FAILED, errno, "cannot give up privileges");
	if (setuid(0) == 0 || geteuid() == 0)
		return err_set(err, EF_FAILED, "root could not be given up");
	return sandbox_enter(ret_filtered, err);
}
