/* SPDX-License-Identifier: Apache-2.0
 * efd: options, signals, start, wait, stop. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/http.h"
#include "common/log.h"
#include "common/plain.h"
#include "forwarder/alive.h"
#include "forwarder/check.h"
#include "forwarder/efd.h"
#include "common/sandbox.h"
#include "forwarder/service.h"
#include "forwarder/settings_print.h"

#define TICK_MS 1000

struct program {
	int argc;
	char **argv;
	int signals; /* signalfd */
	struct efd efd;
	struct settings *first;    /* which stay until the end */
	struct settings *reloaded; /* those in force after a reload; NULL: the first */
};

static int main_fail(struct err *err)
{
	fprintf(stderr, "efd: %s\n", plain_text(err->msg));
	return err->code;
}

/* Signals come through a descriptor; threads started later inherit that they are blocked. */
static int catch_signals(struct err *err)
{
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGUSR1);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ,
	       SIG_IGN); /* a file at its limit is an error of the write, as a full disk is */
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return err_errno(err, EF_FAILED, errno, "cannot block signals");
	int fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return fd >= 0 ? fd : err_errno(err, EF_FAILED, errno, "cannot receive signals");
}

static void settings_free(struct settings *s)
{
	if (s)
		settings_release(s);
	free(s);
}

static int take_settings(struct program *p, struct err *err)
{
	char shown, need_restart[1024];
	struct settings *fresh = calloc(1, sizeof(*fresh));
	if (!fresh)
		return err_set(err, EF_FAILED, "out of memory");
	if (settings_load(fresh, p->argc, p->argv, &shown, err) < 0 ||
	    check_settings(fresh, err) < 0 || efd_reload(&p->efd, fresh, err) < 0) {
		settings_free(fresh);
		return -1;
	}
	settings_changed(p->first, fresh, need_restart, sizeof(need_restart));
	settings_free(p->reloaded);
	p->reloaded = fresh;
	log_info("settings were read again%s%s", *need_restart ? "; a restart is needed for: " : "",
		 need_restart);
	return 0;
}

/* A failed reload changes nothing, and can be seen: in the log, in /metrics, in `systemctl
 * status`. */
static void reload(struct program *p)
{
	struct err err = ERR_NONE;
	service_reloading();
	p->efd.settings_refused = take_settings(p, &err) < 0;
	if (p->efd.settings_refused) {
		log_error("reload: %s; going on with the old settings", err.msg);
		service_status("the last reload was refused; the old settings are in force");
	} else {
		p->efd.taken_s = clock_wall_ms() / 1000;
		service_status("");
	}
	service_ready();
}

/* True: end. */
static bool handle_signals(struct program *p)
{
	struct signalfd_siginfo info;
	while (read(p->signals, &info, sizeof(info)) == sizeof(info)) {
		switch (info.ssi_signo) {
		case SIGHUP:
			reload(p);
			break;
		case SIGUSR1:
			if (p->efd.output)
				output_reopen(p->efd.output);
			break;
		default:
			log_info("signal %u: stopping", info.ssi_signo);
			return true;
		}
	}
	return false;
}

static void wait_for_the_end(struct program *p)
{
	struct pollfd poll_fd = { .fd = p->signals, .events = POLLIN };
	uint64_t watchdog_ms = service_watchdog_ms();
	int wait_ms = watchdog_ms && watchdog_ms < TICK_MS ? (int)watchdog_ms : TICK_MS;
	for (;;) {
		poll(&poll_fd, 1, wait_ms);
		if (handle_signals(p))
			return;
		efd_tick(&p->efd);
		if (p->efd.output && output_broken(p->efd.output)) {
			log_info("nobody reads standard output any more: stopping");
			return;
		}
		if (efd_alive(&p->efd))
			service_alive();
		else
			log_error("a worker stands still");
	}
}

static void log_start(const struct efd *e)
{
	const struct settings *s = e->settings;
	char listens[512] = "";
	size_t len = 0;
	for (size_t i = 0; i < s->udp_listen.n && len < sizeof(listens); i++)
		len += (size_t)snprintf(listens + len, sizeof(listens) - len, "%s%s", i ? ", " : "",
					s->udp_listen.item[i]);
	log_info("efd %s: UDP %s, %u worker%s, to %s", EF_VERSION, listens, e->workers_n,
		 e->workers_n == 1 ? "" : "s", e->shipper ? s->elastic.url.item[0] : s->output);
	if (e->shipper && !s->ship.spool_dir)
		log_warn("there is no spool (spool.dir, state.dir): what memory cannot hold while "
			 "Elasticsearch is away is lost");
	if (e->shipper && !s->ship.reject_file)
		log_warn("there is no reject file (ship.reject_file, state.dir): a document that "
			 "no data stream takes is lost");
}

static void enter_sandbox(const struct settings *s)
{
	struct err err = ERR_NONE;
	bool on = false;
	if (!s->seccomp)
		return;
	if (sandbox_enter(&on, &err) < 0)
		log_warn("%s; going on without it", err.msg);
	else if (!on)
		log_info("this build has no seccomp filter (libseccomp)");
}

static int run_until_stopped(struct program *p)
{
	struct err err = ERR_NONE;
	/* efd starts no programs; threads inherit it, also where there is no filter */
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if ((p->signals = catch_signals(&err)) < 0 || http_global_init(&err) < 0 ||
	    check_settings(p->first, &err) < 0 || efd_start(&p->efd, p->first, &err) < 0)
		return main_fail(&err);
	enter_sandbox(p->first);
	log_start(&p->efd);
	service_ready();
	wait_for_the_end(p);
	service_stopping();
	uint64_t lost = efd_stop(&p->efd, p->signals);
	close(p->signals);
	if (lost) {
		log_error("%llu records were lost", (unsigned long long)lost);
		return EF_FAILED;
	}
	log_info("stopped, nothing lost");
	return EF_DONE;
}

static void warn_doubt(const char *text)
{
	log_warn("%s", text);
}

static int check_only(const struct settings *s)
{
	struct err err = ERR_NONE;
	check_doubts(s);
	if (check_settings(s, &err) < 0 || (s->check_output && http_global_init(&err) < 0))
		return main_fail(&err);
	if (s->check_output)
		return check_output(s);
	puts("the settings are valid");
	return EF_DONE;
}

/* What was asked for in place of running; -1: nothing. */
static int print_only(const struct settings *s, char shown)
{
	if (shown == 'h')
		settings_print_help(stdout);
	else if (shown == 'V')
		puts("efd " EF_VERSION EF_COMMIT);
	else if (s->print_reference)
		settings_print_reference(stdout);
	else if (s->print_man)
		settings_print_man(stdout);
	else if (!s->check_only && !s->check_output)
		return -1;
	else
		return check_only(s);
	return EF_DONE;
}

int main(int argc, char **argv)
{
	struct err err = ERR_NONE;
	static struct program p;
	char shown;
	p.argc = argc;
	p.argv = argv;
	p.first = calloc(1, sizeof(struct settings));
	if (!p.first)
		return EF_FAILED;
	if (settings_load(p.first, argc, argv, &shown, &err) < 0) {
		free(p.first);
		return main_fail(&err);
	}
	log_init("efd", (enum log_format)p.first->log.format, (enum log_level)p.first->log.level);
	if (!shown && !p.first->print_man && !p.first->print_reference)
		settings_doubt(p.first, warn_doubt);
	int code = print_only(p.first, shown);
	if (code < 0)
		code = run_until_stopped(&p);
	settings_free(p.reloaded);
	settings_free(p.first);
	return code;
}
