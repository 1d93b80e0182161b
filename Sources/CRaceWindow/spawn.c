/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "crw_spawn.h"

#include <CRaceVictim.h>
#include <CRobustFutex.h>
#include <CTestProcesses.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* Puts the descriptors where the victim expects them, whatever numbers they had. */
static bool place_descriptors(const struct crw_victim *victim)
{
	const int from[] = { victim->orders, victim->memory, victim->helper_orders };
	const int to[] = { CRV_ORDERS, CRV_MEMORY, CRV_HELPER_ORDERS };
	int moved[3];

	for (int i = 0; i < 3; i++) {
		moved[i] = fcntl(from[i], F_DUPFD, CRV_HELPER_ORDERS + 1);
		if (moved[i] < 0)
			return false;
	}
	for (int i = 0; i < 3; i++) {
		if (dup2(moved[i], to[i]) < 0)
			return false;
	}
	/* The runner's ends of the sockets among them: where they stayed open, nobody would notice its end. */
	return !close_range(CRV_HELPER_ORDERS + 1, ~0U, 0);
}

static bool limit_harm(int parent)
{
	/* 1, not 0: core_pattern's helper would be started with 0 (do_coredump() in fs/coredump.c). */
	const struct rlimit no_core = { .rlim_cur = 1, .rlim_max = 1 };
	sigset_t none;

	sigemptyset(&none);
	return !ctp_die_with_parent(parent) && !setrlimit(RLIMIT_CORE, &no_core) &&
	       !sigprocmask(SIG_SETMASK, &none, NULL) && signal(SIGPIPE, SIG_DFL) != SIG_ERR &&
	       signal(SIGSEGV, SIG_DFL) != SIG_ERR;
}

static bool install_filter(const struct crw_victim *victim)
{
	const struct sock_fprog program = { .len = (unsigned short)(victim->filter_bytes / sizeof(struct sock_filter)),
					    .filter = (struct sock_filter *)victim->filter };
	long listener;
	char byte = 0;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return false;
	listener = crf_syscall6(__NR_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER,
				(uintptr_t)&program, 0, 0, 0);
	if (listener < 0) {
		errno = (int)-listener;
		return false;
	}
	int descriptor = (int)listener;
	long sent = ctp_send(CRV_ORDERS, &byte, 1, &descriptor, 1);

	errno = (int)-sent;
	return !sent && !close(descriptor);
}

/* An answer without an order taken might be lost: a socket that is closed with unread messages is reset. */
static _Noreturn void refuse(int orders, int error)
{
	struct crv_answer answer = { .value = error };
	struct crv_order order;

	if (read(orders, &order, sizeof(order)) == sizeof(order))
		ctp_send(orders, &answer, sizeof(answer), NULL, 0);
	_exit(127);
}

/* Both C libraries' loaders take the option, and give the program its path as argv[0]. */
static void execute(const struct crw_victim *victim)
{
	char *const alone[] = { (char *)victim->program, NULL };
	char *const loaded[] = { (char *)victim->loader, "--library-path", (char *)victim->library_path,
				 (char *)victim->program, NULL };
	static char preload[PATH_MAX + sizeof("LD_PRELOAD=")];
	char *const environment[] = { victim->preload ? preload : NULL,
				      victim->preload_cleans_unmapped ? "ROBUST_LIST_PRELOAD=unmap" : NULL, NULL };

	if (victim->preload && snprintf(preload, sizeof(preload), "LD_PRELOAD=%s", victim->preload) >=
				       (int)sizeof(preload)) {
		errno = ENAMETOOLONG;
		return;
	}
	if (victim->loader)
		execve(victim->loader, loaded, environment);
	else
		execve(victim->program, alone, environment);
}

static _Noreturn void start(const struct crw_victim *victim, int parent)
{
	if (!limit_harm(parent) || !place_descriptors(victim))
		refuse(victim->orders, -errno);
	if (victim->filter && !install_filter(victim))
		refuse(CRV_ORDERS, -errno);
	if (!victim->program)
		_exit(crv_serve());
	execute(victim);
	refuse(CRV_ORDERS, -errno);
}

long crw_spawn(const struct crw_victim *victim)
{
	int parent = getpid();
	pid_t pid = fork();

	if (pid == 0)
		start(victim, parent);
	return pid < 0 ? -errno : pid;
}

bool crw_has_loader(void)
{
	return getauxval(AT_BASE) != 0;
}

long crw_wait(int pid, int *status)
{
	pid_t changed;

	do {
		changed = waitpid(pid, status, WNOHANG | __WALL);
	} while (changed < 0 && errno == EINTR);
	return changed < 0 ? -errno : changed;
}
