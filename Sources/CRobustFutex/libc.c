/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "crf_libc.h"

#include <string.h>
#include <sys/auxv.h>
#include <sys/wait.h>

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
