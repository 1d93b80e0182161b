/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "include/rlp.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

static const char *const names[RLP_FUNCTIONS] = {
	[RLP_DESTROY] = "pthread_mutex_destroy",     [RLP_LOCK] = "pthread_mutex_lock",
	[RLP_TRYLOCK] = "pthread_mutex_trylock",     [RLP_TIMEDLOCK] = "pthread_mutex_timedlock",
	[RLP_CLOCKLOCK] = "pthread_mutex_clocklock", [RLP_MUNMAP] = "munmap",
	[RLP_MMAP] = "mmap",			     [RLP_MREMAP] = "mremap",
	[RLP_SHMDT] = "shmdt",
};

/* All zero until somebody looks: what runs before the constructor finds them as well. */
static void *found[RLP_FUNCTIONS];
static bool locked_robust;
static bool asked_for_unmapping;
static enum rlp_number number;

static void *find(enum rlp_function function)
{
	void *next = dlsym(RTLD_NEXT, names[function]);

	/* Relaxed: who finds nothing searches as well, and finds the same. */
	__atomic_store_n(&found[function], next, __ATOMIC_RELAXED);
	return next;
}

void *rlp_next(enum rlp_function function)
{
	void *next = __atomic_load_n(&found[function], __ATOMIC_RELAXED);

	if (__builtin_expect(!next, 0)) {
		next = find(function);
		if (!next)
			abort();
	}
	return next;
}

/*
 * Before main, so that no search has to be made where that could not be: in a signal handler, or in an allocator that
 * dlsym() calls and that locks. Where the C library lacks a function (musl, clocklock), only a program that looks up its
 * name can come to call it, and is ended.
 */
__attribute__((constructor)) static void find_all(void)
{
	/* secure_: it is loaded into set-user-ID programs, too, when /etc/ld.so.preload names it. */
	const char *unmapping = secure_getenv("ROBUST_LIST_PRELOAD");

	asked_for_unmapping = unmapping && !strcmp(unmapping, "unmap");
	for (int function = 0; function < RLP_FUNCTIONS; function++)
		find(function);
}

void rlp_note_robust_lock(void)
{
	/* Read first: the line stays shared among processors. */
	if (!__atomic_load_n(&locked_robust, __ATOMIC_RELAXED))
		__atomic_store_n(&locked_robust, true, __ATOMIC_RELAXED);
}

bool rlp_cleans_unmapped(void)
{
	/*
	 * Relaxed: whoever unmaps the memory of a mutex has to know that nobody uses it any more, and what tells it so
	 * orders the store of whoever used it before this load.
	 */
	return asked_for_unmapping && __atomic_load_n(&locked_robust, __ATOMIC_RELAXED);
}

/* Relaxed: who finds nothing asks as well, and gets the same answer. */
enum rlp_number rlp_known_number(void)
{
	return __atomic_load_n(&number, __ATOMIC_RELAXED);
}

void rlp_know_number(enum rlp_number known)
{
	__atomic_store_n(&number, known, __ATOMIC_RELAXED);
}
