/* SPDX-License-Identifier: MIT */
/*
 * Linked into statically linked selftests, whose runner would have stdbuf(1) do this, which takes a shared C library: a
 * program that writes to a pipe and forks with a full buffer says everything twice.
 */
#include <stdio.h>

__attribute__((constructor)) static void buffer_lines(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
}
