/* SPDX-License-Identifier: MIT */
/*
 * Processes and threads that do nothing but exist: parked in a blocking wait, each with the robust list head that
 * libc registered for it, where libc has it: beside the thread's stack. C, because thousands are needed, and the
 * peers of the checks (ctp_task.h) each have a socket, a board and a head of their own making.
 */
#ifndef CRB_PEER_H
#define CRB_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct crb_peer_plan {
	int file;            /* mapped shared and writable; -1: nothing is mapped */
	size_t length;       /* of each mapping, in bytes */
	size_t mappings;     /* how often; of the same offset, so that they cannot be merged */
	unsigned int threads; /* at least 1, the leader included; with stacks of libc's default size */
	bool one_stack_mapping; /* their stacks lie side by side, without guard pages; else each where libc puts it */
	int timeout_ms;      /* for the peer to be ready */
};

struct crb_peer {
	int32_t pid;
	uintptr_t mapping; /* where the first one is there; 0: none */
};

/*
 * Forks a process as planned; it dies with the calling thread's process. 0, or -errno: -ETIMEDOUT,
 * or what went wrong in the peer. The new process has none of the caller's threads.
 */
long crb_start_peer(const struct crb_peer_plan *plan, struct crb_peer *peer);

/* Kills and reaps. 0 or -errno. */
long crb_end_peer(int pid);

/* Adds parked threads to the calling process. 0 or -errno; *last_tid: one of them, unless count is 0. */
long crb_start_threads(unsigned int count, int32_t *last_tid);

/* 1 when every thread of the process but the calling one sleeps, 0 when one does not, or -errno. */
long crb_is_asleep(int pid);

#endif
