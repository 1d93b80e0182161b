/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "ctp_process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>
#include "ctp_message.h"
#include "crf_syscalls.h"

long ctp_die_with_parent(int parent_pid)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0))
		return -errno;
	/* The parent may have gone before the order was in force. 0: it is in another pid namespace. */
	int parent = getppid();

	return parent == parent_pid || parent == 0 ? 0 : -ESRCH;
}

void ctp_unblock_signals(void)
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static volatile sig_atomic_t signal_count;

static void count_signal(int unused)
{
	(void)unused;
	signal_count++;
}

long ctp_count_signal(int signal)
{
	struct sigaction action = { .sa_handler = count_signal };

	return sigaction(signal, &action, NULL) ? -errno : signal_count;
}

long ctp_execute(int program, int board, int file)
{
	static const char *const arguments[] = { "robust-futex-program", NULL };

	if (board >= 0 && dup2(board, CTP_DESCRIPTOR_BOARD) < 0)
		return -errno;
	if (file >= 0 && dup2(file, CTP_DESCRIPTOR_FILE) < 0)
		return -errno;
	return crf_syscall6(__NR_execveat, (uintptr_t)program, (uintptr_t)"", (uintptr_t)arguments, 0, AT_EMPTY_PATH, 0);
}

long ctp_file_system(int descriptor)
{
	struct statfs information;

	return fstatfs(descriptor, &information) ? -errno : information.f_type;
}

int ctp_may_unshare(unsigned long flags)
{
	int status, pid = fork();

	if (pid == 0)
		_exit(crf_syscall6(__NR_unshare, flags, 0, 0, 0, 0, 0) == 0 ? 0 : 1);
	return pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

void ctp_reap_children_automatically(void)
{
	signal(SIGCHLD, SIG_IGN);
}

int ctp_fork(void)
{
	return fork();
}
