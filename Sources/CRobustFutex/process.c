/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "crf_process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>
#include "crf_message.h"
#include "crf_syscalls.h"

long crf_die_with_parent(int parent_pid)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0))
		return -errno;
	/* The parent may have gone before the order was in force. 0: it is in another pid namespace. */
	int parent = getppid();

	return parent == parent_pid || parent == 0 ? 0 : -ESRCH;
}

void crf_unblock_signals(void)
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

long crf_count_signal(int signal)
{
	struct sigaction action = { .sa_handler = count_signal };

	return sigaction(signal, &action, NULL) ? -errno : signal_count;
}

long crf_execute(int program, int board, int file)
{
	static const char *const arguments[] = { "robust-futex-program", NULL };

	if (board >= 0 && dup2(board, CRF_DESCRIPTOR_BOARD) < 0)
		return -errno;
	if (file >= 0 && dup2(file, CRF_DESCRIPTOR_FILE) < 0)
		return -errno;
	return crf_syscall6(__NR_execveat, (uintptr_t)program, (uintptr_t)"", (uintptr_t)arguments, 0, AT_EMPTY_PATH, 0);
}

long crf_file_system(int descriptor)
{
	struct statfs information;

	return fstatfs(descriptor, &information) ? -errno : information.f_type;
}

int crf_may_unshare(unsigned long flags)
{
	int status, pid = fork();

	if (pid == 0)
		_exit(crf_syscall6(__NR_unshare, flags, 0, 0, 0, 0, 0) == 0 ? 0 : 1);
	return pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

void crf_reap_children_automatically(void)
{
	signal(SIGCHLD, SIG_IGN);
}

int crf_exit_status(int wait_status)
{
	return WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : -1;
}

int crf_term_signal(int wait_status)
{
	return WIFSIGNALED(wait_status) ? WTERMSIG(wait_status) : 0;
}

ptrdiff_t crf_find(const void *haystack, size_t length, const void *needle, size_t needle_length)
{
	const char *found = memmem(haystack, length, needle, needle_length);

	return found ? found - (const char *)haystack : -1;
}

const void *crf_vdso(void)
{
	return (const void *)getauxval(AT_SYSINFO_EHDR);
}
