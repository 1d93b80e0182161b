/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "crf_process.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

long crf_die_with_parent(int parent_pid)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0))
		return -errno;
	/* The parent may have gone before the order was in force. */
	return getppid() == parent_pid ? 0 : -ESRCH;
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
