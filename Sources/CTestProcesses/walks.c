/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "ctp_walks.h"

#include <linux/hw_breakpoint.h>
#include <linux/perf_event.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "crf_syscalls.h"

/* More than struct task_struct has on any kernel up to that pointer. */
enum { TASK_BYTES = 8192, TRIALS = 3 };

uintptr_t ctp_init_task(void)
{
	FILE *symbols = fopen("/proc/kallsyms", "re");
	uintptr_t address = 0;
	char *line = NULL;
	size_t size = 0;

	if (!symbols)
		return 0;
	while (!address && getline(&line, &size, symbols) > 0) {
		/* ADDRESS TYPE NAME */
		const char *end = strchr(line, ' ');

		if (end && !strcmp(end + 3, "init_task\n"))
			address = strtoul(line, NULL, 16);
	}
	free(line);
	fclose(symbols);
	return address;
}

long ctp_count_accesses(uintptr_t address, int tid, int processor)
{
	struct perf_event_attr event = {
		.type = PERF_TYPE_BREAKPOINT,
		.size = sizeof(event),
		.bp_type = HW_BREAKPOINT_RW,
		.bp_addr = address,
		.bp_len = sizeof(long),
		.exclude_user = 1,
	};

	return crf_syscall6(__NR_perf_event_open, (uintptr_t)&event, (uintptr_t)tid, (uintptr_t)processor,
			    (uintptr_t)-1, PERF_FLAG_FD_CLOEXEC, 0);
}

/* The number of accesses that the system call makes; -1 when that cannot be counted. */
static long accesses(uintptr_t address, long number, uintptr_t first, int times)
{
	int fd = (int)ctp_count_accesses(address, 0, -1);
	uint64_t count = 0;

	if (fd < 0)
		return -1;
	for (int i = 0; i < times; i++)
		crf_syscall6(number, first, 0, 0, 0, 0, 0);
	bool isRead = read(fd, &count, sizeof(count)) == sizeof(count);

	close(fd);
	return isRead ? (long)count : -1;
}

uintptr_t ctp_process_list(uintptr_t init_task)
{
	const uintptr_t everybody = (uintptr_t)-1;

	for (uintptr_t place = init_task; place < init_task + TASK_BYTES; place += sizeof(long)) {
		long once = accesses(place, __NR_kill, everybody, 1);

		if (once < 0)
			return 0;
		if (once == 1 && accesses(place, __NR_kill, everybody, TRIALS) == TRIALS &&
		    accesses(place, __NR_getppid, 0, TRIALS) == 0)
			return place;
	}
	return 0;
}
