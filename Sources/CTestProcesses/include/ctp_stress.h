/* SPDX-License-Identifier: MIT */
/*
 * Processes that take and let go robust locks in shared memory until they are killed, wherever they are. C, because
 * they must not run anything of a language's or a library's between the steps of an unlock, and because threads of
 * theirs are killed, replaced by exec and cloned without a library knowing.
 */
#ifndef CTP_STRESS_H
#define CTP_STRESS_H

#include <stdint.h>
#include "ctp_bury.h"

enum { CTP_STRESS_THREADS = 256, CTP_STRESS_LOCKS = 64 };

/* One thread of a worker; written by that thread, but for the reset after its death. */
struct ctp_stress_thread {
	uint32_t tid;        /* 0: not running */
	uint32_t lock;       /* number of the lock it is about to use or uses, from 1; 0: none */
	uint64_t operations; /* unlocks completed */
};

/* A lock in the layout of glibc's pthread_mutex_t on x86-64: the lock entry lies 32 bytes behind the word. */
struct ctp_stress_lock {
	uint32_t word;
	uint32_t closed; /* nobody may begin to use it: about to be destroyed, or destroyed */
	uint32_t last;   /* the thread that let it go last: the likeliest to be in the race window */
	uint32_t unused[5];
	uintptr_t entry[4];
};

/* Mapped by all workers and the destroyer. */
struct ctp_stress_arena {
	uint32_t locks; /* in use, at most CTP_STRESS_LOCKS */
	uint32_t unused[15];
	struct ctp_stress_thread threads[CTP_STRESS_THREADS];
	struct ctp_stress_lock lock[CTP_STRESS_LOCKS];
};

_Static_assert(sizeof(struct ctp_stress_lock) == 64, "locks do not share a cache line");

/*
 * On a page of its own behind the arena, which workers do not map: calls for its lock do not find them, and calls for
 * theirs not who buries here.
 */
struct ctp_stress_yard {
	struct ctp_stress_lock lock; /* nobody ever uses it: a call for it has nothing to clear */
	struct ctp_burial burial;
};

enum {
	CTP_STRESS_YARD = (sizeof(struct ctp_stress_arena) + 4095) & ~4095ul, /* offset from the arena */
	CTP_STRESS_BYTES = CTP_STRESS_YARD + 4096,
};

static inline struct ctp_stress_yard *ctp_stress_yard(struct ctp_stress_arena *arena)
{
	return (struct ctp_stress_yard *)((char *)arena + CTP_STRESS_YARD);
}

/*
 * The life of one worker: never returns. threads of the arena from first on, count of them, are its own. Between
 * locks its first thread forks, clones (CLONE_VM, vfork), and now and then replaces the whole process by executing
 * path with arguments anew, while its other threads are in their unlocks.
 */
_Noreturn void ctp_stress_work(struct ctp_stress_arena *arena, unsigned int first, unsigned int count,
			       const char *path, char *const arguments[]);

/*
 * Buries, see ctp_bury.h, what looks like a pointer to the lock of the yard, with the mmap_lock busy: calls for that lock
 * wait between finding a thread and reading its memory. Never returns.
 */
_Noreturn void ctp_stress_bury(struct ctp_stress_arena *arena);

/* Makes the call for the lock of the yard again and again, in two threads. Never returns; exits when one fails. */
_Noreturn void ctp_stress_call(struct ctp_stress_arena *arena);

#endif
