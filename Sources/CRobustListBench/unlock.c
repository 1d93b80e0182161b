/* SPDX-License-Identifier: MIT */
#include "crb_unlock.h"

#include <errno.h>
#include <stddef.h>

long crb_init_lock(struct crb_lock *lock)
{
	lock->head.next = (uintptr_t)&lock->head;
	lock->head.futex_offset = (intptr_t)offsetof(struct crb_lock, word) - (intptr_t)offsetof(struct crb_lock, entry);
	lock->tid = (uint32_t)crf_gettid();
	return crf_set_robust_list(&lock->head);
}

static long hold(struct crb_lock *lock, uint32_t flags)
{
	lock->entry = (uintptr_t)&lock->head;
	lock->head.next = (uintptr_t)&lock->entry;
	lock->head.list_op_pending = 0;
	crf_store32(&lock->word, lock->tid | flags);
	return 0;
}

long crb_hold(void *lock)
{
	return hold(lock, 0);
}

long crb_hold_contended(void *lock)
{
	return hold(lock, FUTEX_WAITERS);
}

long crb_confirm_unlocked(void *context)
{
	const struct crb_lock *lock = context;

	return lock->word || lock->head.list_op_pending || lock->head.next != (uintptr_t)&lock->head ? -EBADMSG : 0;
}

/* A compiler may not move the three stores over each other; the processor does not. */
static inline void barrier(void)
{
	__asm__ volatile("" : : : "memory");
}

static inline void begin(struct crb_lock *lock)
{
	lock->head.list_op_pending = (uintptr_t)&lock->entry;
	barrier();
	lock->head.next = lock->entry;
	barrier();
}

long crb_unlock_legacy(void *context)
{
	struct crb_lock *lock = context;
	long result = 0;

	begin(lock);
	if (crf_exchange32(&lock->word, 0) & FUTEX_WAITERS)
		result = crf_futex(&lock->word, FUTEX_WAKE, 1, NULL, NULL, 0);
	barrier();
	lock->head.list_op_pending = 0;
	return result;
}

long crb_unlock_robust(void *context)
{
	struct crb_lock *lock = context;

	begin(lock);
	if (lock->try_unlock(&lock->word, lock->tid, (uint64_t *)&lock->head.list_op_pending) == lock->tid)
		return 0;
	return crf_futex(&lock->word, FUTEX_WAKE | CRF_FUTEX_ROBUST_UNLOCK, 1, NULL, &lock->head.list_op_pending, 0);
}
