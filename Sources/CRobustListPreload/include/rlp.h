/* SPDX-License-Identifier: MIT */
/*
 * The parts of the preload that Embedded Swift cannot express: the C library's private layout, atomics that need no initialisation, and
 * macros. Names start with rlp_. Everything works before the library's constructors have run, and in any thread.
 */
#ifndef C_ROBUST_LIST_PRELOAD_H
#define C_ROBUST_LIST_PRELOAD_H

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <time.h>

/* The functions of the C library that this one stands in front of. */
enum rlp_function {
	RLP_DESTROY,
	RLP_LOCK,
	RLP_TRYLOCK,
	RLP_TIMEDLOCK,
	RLP_CLOCKLOCK,
	RLP_MUNMAP,
	RLP_MMAP,
	RLP_MREMAP,
	RLP_SHMDT,
	RLP_FUNCTIONS
};

/* The next definition of the function in the order of search; ends the process when there is none. */
void *rlp_next(enum rlp_function function);

/* Of glibc alone. musl's loader takes a library that needs glibc, but its mutexes have another layout. */
extern const char *gnu_get_libc_version(void) __attribute__((weak));

/*
 * Bit 4 of __kind, which glibc sets in robust mutexes of all types: PTHREAD_MUTEX_ROBUST_NORMAL_NP. A mutex that was
 * destroyed has the kind -1 and may have been any.
 */
static inline bool rlp_is_robust(const pthread_mutex_t *mutex)
{
	if (!gnu_get_libc_version)
		return false;
	int kind = __atomic_load_n(&mutex->__data.__kind, __ATOMIC_RELAXED);
	return kind > 0 && kind & 16;
}

/* What this process knows of the number of cleanup_robust_list(2). */
enum rlp_number {
	RLP_NUMBER_UNKNOWN,
	RLP_NUMBER_RIGHT,
	RLP_NUMBER_OF_ANOTHER_CALL,
};

enum rlp_number rlp_known_number(void);
void rlp_know_number(enum rlp_number number);

/* Remembers that this process has locked a robust mutex. fork hands it on, execve forgets it, as it should be. */
void rlp_note_robust_lock(void);

/*
 * Tells whether to clean up memory that leaves the address space: the environment asks for it, and this process has
 * locked a robust mutex.
 */
bool rlp_cleans_unmapped(void);

#ifndef __LP64__
#error "mmap64() and the functions of 64-bit time have other arguments there"
#endif

#endif
