/* SPDX-License-Identifier: MIT */
/* The operations of a victim on a lock; each returns 0 or an error number, as the pthread functions do. */
#ifndef CRV_LOCKS_H
#define CRV_LOCKS_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

struct crv_locks {
	size_t bytes;
	int (*init)(void *lock, int kind); /* enum crv_mutex */
	int (*lock)(void *lock);
	int (*trylock)(void *lock);
	int (*unlock)(void *lock);
	int (*consistent)(void *lock);
	int (*destroy)(void *lock);
};

/* Locks that are unlocked as Linux 7.2 allows; try_unlock: __vdso_futex_robust_list64_try_unlock(). */
const struct crv_locks *crv_robust_unlock_locks(void *try_unlock);

/* The place of the lock in its object's heap: address, and offset in the file. 0 or -errno. */
struct crv_place {
	void *lock;
	size_t offset;
};

/* A counted object in Boost.Interprocess's managed_shared_memory; boost.cpp. */
const struct crv_locks *crv_boost_locks(void);
int crv_boost_create(struct crv_place *place);
int crv_boost_open(struct crv_place *place);
/* Allocates another object, which has to get the memory of the one that is gone. 0 or -errno. */
int crv_boost_reuse(void *memory);

/* Locks whose contended unlock leaves FUTEX_WAITERS in the released word. */
const struct crv_locks *crv_kept_waiters_locks(void);

#ifdef __cplusplus
}
#endif

#endif
