/* SPDX-License-Identifier: MIT */
/*
 * The work of a program that has no cleanup_robust_list(2): look for every process that maps the memory, read
 * the robust list head of each of its threads, and clear what points into the range.
 *
 * It is no replacement, only what one costs. It needs ptrace access to every sharer. The clear is no
 * compare-and-exchange: a thread that starts another operation in between loses it. Threads and processes that come
 * while it looks are missed, and exits that have already fetched their pointer are not waited for.
 */
#ifndef CRB_EMULATION_H
#define CRB_EMULATION_H

#include <stddef.h>
#include <stdint.h>
#include "crb_syscalls.h"

/* Context of crb_emulate(). */
struct crb_emulation {
	struct crb_match match; /* for crb_set_pending() and crb_confirm_cleared(), if wanted */
	char *maps;             /* where /proc/PID/maps is read to */
	size_t capacity;
	uint64_t device;        /* of the file, and its inode, as /proc/PID/maps shows them */
	uint64_t inode;
	uint64_t first;         /* the range, in bytes from the file's start */
	uint64_t length;
	uint64_t found;         /* threads seen by the last call: to tell that it found its way */
};

/* Describes a range of the file for crb_emulate(). 0 or -errno. */
long crb_describe(struct crb_emulation *emulation, int file, uint64_t first, uint64_t length);

/* 0, or -errno; processes and threads that end meanwhile are passed over. */
long crb_emulate(void *emulation);

#endif
