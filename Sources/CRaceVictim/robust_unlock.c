/* SPDX-License-Identifier: MIT */
/*
 * Robust mutexes that are unlocked in ways in which no C library does it yet, hence locks of our own. A thread holds
 * at most one, so that its robust list is empty or one entry long.
 *
 * robust_unlock(): as Documentation/locking/robust-futex-ABI.rst of Linux 7.2 describes. Word and list_op_pending are
 * released together, by the vDSO when nobody waits and by futex(2) otherwise.
 *
 * unlock_keeping_waiters(): as proposed in July 2026. A contended unlock leaves FUTEX_WAITERS in the released word, for
 * which the kernel is to wake a waiter when the unlocker dies before its FUTEX_WAKE.
 */
#define _GNU_SOURCE
#include "locks.h"
#include "race_victim.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef FUTEX_ROBUST_UNLOCK
#define FUTEX_ROBUST_UNLOCK 512
#endif

struct lock {
	uint32_t word;
	uint32_t pi;
	struct robust_list entry;
};

static _Thread_local struct robust_list_head head;
static _Thread_local uint32_t tid;
static uint32_t (*try_unlock)(uint32_t *word, uint32_t tid, uint64_t *pending);

/* 0 or -errno. */
static long futex(uint32_t *word, int operation, uint32_t value, void *pending)
{
	return syscall(SYS_futex, word, operation, value, NULL, pending, 0) < 0 ? -errno : 0;
}

static void set_pending(const struct lock *lock)
{
	uintptr_t pending = lock ? (uintptr_t)&lock->entry | lock->pi : 0;

	__atomic_store_n((uintptr_t *)&head.list_op_pending, pending, __ATOMIC_SEQ_CST);
}

static void enlist(struct lock *lock)
{
	lock->entry.next = &head.list;
	__atomic_store_n(&head.list.next, (struct robust_list *)((uintptr_t)&lock->entry | lock->pi),
			 __ATOMIC_SEQ_CST);
}

static bool replace(struct lock *lock, uint32_t *expected, uint32_t desired)
{
	return __atomic_compare_exchange_n(&lock->word, expected, desired, false, __ATOMIC_SEQ_CST,
					   __ATOMIC_SEQ_CST);
}

/* Takes a lock that nobody holds, also one whose owner died. EBUSY: *found is what it is held with. */
static int take(struct lock *lock, uint32_t waiters, uint32_t *found)
{
	*found = 0;
	while (!replace(lock, found, tid | (*found & FUTEX_WAITERS) | waiters)) {
		if (*found & FUTEX_TID_MASK)
			return EBUSY;
	}
	return *found & FUTEX_OWNER_DIED ? EOWNERDEAD : 0;
}

static int wait_and_take(struct lock *lock)
{
	uint32_t found;
	int error;

	/* Whoever has waited cannot know that nobody else does. */
	while ((error = take(lock, FUTEX_WAITERS, &found)) == EBUSY) {
		if (found & FUTEX_WAITERS || replace(lock, &found, found | FUTEX_WAITERS))
			futex(&lock->word, FUTEX_WAIT, found | FUTEX_WAITERS, NULL);
	}
	return error;
}

static int wait_and_take_pi(struct lock *lock)
{
	long result = futex(&lock->word, FUTEX_LOCK_PI, 0, NULL);

	if (result)
		return (int)-result;
	/* The kernel hands the word over with the bit in it. */
	uint32_t before = __atomic_fetch_and(&lock->word, ~FUTEX_OWNER_DIED, __ATOMIC_SEQ_CST);

	return before & FUTEX_OWNER_DIED ? EOWNERDEAD : 0;
}

static void register_thread(void)
{
	tid = (uint32_t)syscall(SYS_gettid);
	head.list.next = &head.list;
	head.futex_offset = (long)offsetof(struct lock, word) - (long)offsetof(struct lock, entry);
	syscall(SYS_set_robust_list, &head, sizeof(head));
}

static int lock_with(struct lock *lock, bool wait)
{
	uint32_t found;

	if (!tid)
		register_thread();
	set_pending(lock);
	int error = take(lock, 0, &found);

	if (error == EBUSY && wait)
		error = lock->pi ? wait_and_take_pi(lock) : wait_and_take(lock);
	if (!error || error == EOWNERDEAD)
		enlist(lock);
	set_pending(NULL);
	return error;
}

static int robust_lock(void *lock)
{
	return lock_with(lock, true);
}

static int robust_trylock(void *lock)
{
	return lock_with(lock, false);
}

static int robust_unlock(void *object)
{
	struct lock *lock = object;

	set_pending(lock);
	head.list.next = &head.list;
	if (try_unlock(&lock->word, tid, (uint64_t *)&head.list_op_pending) == tid)
		return 0;
	return (int)-futex(&lock->word, (lock->pi ? FUTEX_UNLOCK_PI : FUTEX_WAKE) | FUTEX_ROBUST_UNLOCK, 1,
			   &head.list_op_pending);
}

static int unlock_keeping_waiters(void *object)
{
	struct lock *lock = object;
	uint32_t found = tid;

	set_pending(lock);
	head.list.next = &head.list;
	if (!replace(lock, &found, 0)) {
		__atomic_store_n(&lock->word, FUTEX_WAITERS, __ATOMIC_SEQ_CST);
		futex(&lock->word, FUTEX_WAKE, 1, NULL);
	}
	set_pending(NULL);
	return 0;
}

/* Taking a lock over from the dead already makes it an ordinary one. */
static int robust_consistent(void *lock)
{
	(void)lock;
	return 0;
}

static int robust_destroy(void *lock)
{
	return ((struct lock *)lock)->word & FUTEX_TID_MASK ? EBUSY : 0;
}

static int robust_init(void *object, int kind)
{
	struct lock *lock = object;

	memset(lock, 0, sizeof(*lock));
	lock->pi = kind & CRV_MUTEX_PI ? 1 : 0;
	return 0;
}

static const struct crv_locks robust_locks = {
	.bytes = sizeof(struct lock),
	.init = robust_init,
	.lock = robust_lock,
	.trylock = robust_trylock,
	.unlock = robust_unlock,
	.consistent = robust_consistent,
	.destroy = robust_destroy,
};

static const struct crv_locks kept_waiters_locks = {
	.bytes = sizeof(struct lock),
	.init = robust_init,
	.lock = robust_lock,
	.trylock = robust_trylock,
	.unlock = unlock_keeping_waiters,
	.consistent = robust_consistent,
	.destroy = robust_destroy,
};

const struct crv_locks *crv_kept_waiters_locks(void)
{
	return &kept_waiters_locks;
}

const struct crv_locks *crv_robust_unlock_locks(void *vdso_function)
{
	try_unlock = (uint32_t (*)(uint32_t *, uint32_t, uint64_t *))vdso_function;
	return &robust_locks;
}
