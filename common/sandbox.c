/* SPDX-License-Identifier: Apache-2.0
 * System calls that efd has no use for are refused by the kernel (seccomp), for all threads, for
 * good. */
#include "common/sandbox.h"

#if HAVE_seccomp
#include <errno.h>
#include <seccomp.h>
#include <stddef.h>

/* A list of what is refused, not of what is allowed: resolvers, TLS engines and C libraries use
 * calls that differ from system to system, and a collector that dies in a DNS lookup protects
 * nobody. */
static const int refused[] = {
	SCMP_SYS(execve),
	SCMP_SYS(execveat),
	SCMP_SYS(fork),
	SCMP_SYS(vfork),
	SCMP_SYS(ptrace),
	SCMP_SYS(process_vm_readv),
	SCMP_SYS(process_vm_writev),
	SCMP_SYS(kcmp),
	SCMP_SYS(pidfd_getfd),
	SCMP_SYS(mount),
	SCMP_SYS(umount2),
	SCMP_SYS(pivot_root),
	SCMP_SYS(chroot),
	SCMP_SYS(open_tree),
	SCMP_SYS(move_mount),
	SCMP_SYS(fsopen),
	SCMP_SYS(unshare),
	SCMP_SYS(setns),
	SCMP_SYS(init_module),
	SCMP_SYS(finit_module),
	SCMP_SYS(delete_module),
	SCMP_SYS(kexec_load),
	SCMP_SYS(kexec_file_load),
	SCMP_SYS(reboot),
	SCMP_SYS(swapon),
	SCMP_SYS(swapoff),
	SCMP_SYS(bpf),
	SCMP_SYS(perf_event_open),
	SCMP_SYS(userfaultfd),
	SCMP_SYS(io_uring_setup),
	SCMP_SYS(keyctl),
	SCMP_SYS(add_key),
	SCMP_SYS(request_key),
	SCMP_SYS(setuid),
	SCMP_SYS(setgid),
	SCMP_SYS(setresuid),
	SCMP_SYS(setresgid),
	SCMP_SYS(setgroups),
	SCMP_SYS(capset),
	SCMP_SYS(settimeofday),
	SCMP_SYS(clock_settime),
	SCMP_SYS(adjtimex),
	SCMP_SYS(sethostname),
	SCMP_SYS(acct),
	SCMP_SYS(quotactl),
	SCMP_SYS(syslog),
	SCMP_SYS(iopl),
	SCMP_SYS(ioperm),
	SCMP_SYS(personality),
	SCMP_SYS(open_by_handle_at),
};

int sandbox_enter(bool *ret_on, struct err *err)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
	if (!filter)
		return err_set(err, EF_FAILED, "seccomp: out of memory");
	/* the workers run already */
	int failed = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]) && !failed; i++) {
		failed = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), refused[i], 0);
		if (failed == -EDOM || failed == -EFAULT)
			failed = 0; /* this architecture does not have it */
	}
	if (!failed)
		failed = seccomp_load(filter);
	seccomp_release(filter);
	if (failed)
		return err_errno(err, EF_FAILED, -failed,
				 "seccomp: the kernel does not take the filter");
	*ret_on = true;
	return 0;
}

#else

int sandbox_enter(bool *ret_on, struct err *err)
{
	(void)err;
	*ret_on = false;
	return 0;
}

#endif
