/* SPDX-License-Identifier: MIT */
/*
 * The unlock of a robust lock step by step, as libc does it and as Linux 7.2 offers it, both compiled alike: the
 * difference is the protocol, not the library around it.
 */
#ifndef CRB_UNLOCK_H
#define CRB_UNLOCK_H

#include <stdint.h>
#include "CRobustFutex.h"

/* __vdso_futex_robust_list64_try_unlock() of include/vdso/futex.h in the kernel: the word as found. */
typedef uint32_t (*crb_try_unlock)(uint32_t *word, uint32_t tid, uint64_t *pending);

/* A lock that this thread takes and lets go, with a robust list head of its own. */
struct crb_lock {
	struct crf_robust_list_head head;
	uintptr_t entry; /* the lock entry: next of the robust list */
	uint32_t word;
	uint32_t tid;
	crb_try_unlock try_unlock; /* of the vDSO, or NULL */
};

/* Registers the lock's head for the calling thread, in libc's stead; the lock must stay where it is. 0 or -errno. */
long crb_init_lock(struct crb_lock *lock);

/* Held, on the robust list; with FUTEX_WAITERS in the second case, though nobody waits. */
long crb_hold(void *lock);
long crb_hold_contended(void *lock);

/* -EBADMSG unless the lock is free, off the list, with no operation pending. */
long crb_confirm_unlocked(void *lock);

/* The sequence with the race window: pending, off the list, release the word, wake if needed, no more pending. */
long crb_unlock_legacy(void *lock);

/* The sequence without: the vDSO releases and clears at once, or else futex(2) does, with FUTEX_ROBUST_UNLOCK. */
long crb_unlock_robust(void *lock);

#endif
