/* SPDX-License-Identifier: MIT */
/*
 * The victim: a process that does with a robust mutex what it is ordered to do, through the functions of
 * the C library that it is linked with, unmodified. It is unlocker or destroyer as the orders go.
 *
 * C, because it has to be built for every C library that is to be looked at, with that library's compiler.
 * It is also linked into the runner, which forks it to look at the C library that it has itself.
 *
 * One order, one answer, over a SOCK_SEQPACKET socket. Layouts are the same in 32-bit and 64-bit programs.
 */
#ifndef RACE_VICTIM_H
#define RACE_VICTIM_H

#include <stdint.h>

/* Descriptors that the runner leaves in the process. */
enum {
	CRV_ORDERS = 3,        /* of the main thread, which is the unlocker */
	CRV_MEMORY = 4,        /* the file that is the lock's backing store, or will be */
	CRV_HELPER_ORDERS = 5, /* of a second thread, if CRV_START_HELPER asks for one */
};

enum crv_code {
	CRV_UNLOCK = 1,   /* lock. value: what the library's function returned, as in the next five */
	CRV_LOCK,         /* lock */
	CRV_TRYLOCK,      /* lock */
	CRV_CONSISTENT,   /* lock */
	CRV_DESTROY,      /* lock */
	CRV_INIT,         /* lock, enum crv_mutex: process-shared; memory as it comes */
	CRV_HELLO,        /* kind of lock (enum crv_kind), vDSO function. value 0; values by enum crv_hello; text */
	CRV_HEAD,         /* value 0; values[0]: address of the calling thread's robust list head */
	CRV_MAP,          /* address, length: CRV_MEMORY, shared. value: 0 or -errno */
	CRV_MAP_PRIVATE,  /* address, length: anonymous. value: 0 or -errno */
	CRV_REMAP,        /* address, length: unmaps it and maps CRV_MEMORY there. value: 0 or -errno */
	CRV_CLEANUP,      /* address, length, flags. value: result of cleanup_robust_list(2) */
	CRV_REUSE,        /* address, length, word's address, value: the memory's new contents. value 0 */
	CRV_START_HELPER, /* value: 0 or -errno */
	CRV_FAULT,        /* no answer: SIGSEGV */
	CRV_EXEC,         /* no answer: execve(2) of this program, which then exits with 0; value: -errno */
	/* Of the victim of Boost.Interprocess only, in whose heap the lock is. value: 0 or -errno; values: address, */
	CRV_CREATE_HEAP,  /* offset in the file. Makes the segment, and the object of which the lock is a member */
	CRV_OPEN_HEAP,    /* offset in the file. Maps the segment that another victim made, and finds the object */
	CRV_FILL_MEMORY,  /* no answer: takes memory until it is killed; value: -errno */
};

/* Properties of a mutex that CRV_INIT makes; none: robust. */
enum crv_mutex {
	CRV_MUTEX_PI = 1,
	CRV_MUTEX_RECURSIVE = 2,
	CRV_MUTEX_ERRORCHECK = 4,
	CRV_MUTEX_NOT_ROBUST = 8,
};

enum crv_kind {
	CRV_LIBC = 0,
	/* In the runner's own processes only: */
	CRV_ROBUST_UNLOCK = 1, /* the way of Linux 7.2 */
	CRV_BOOST = 3, /* a program of its own: a member of an object in a managed_shared_memory */
	CRV_KEPT_WAITERS = 2,  /* a contended unlock leaves FUTEX_WAITERS in the released word */
};

enum crv_hello {
	CRV_POINTER_BITS,
	CRV_LOCK_BYTES,     /* size of the lock object */
	CRV_UNLOCK_ADDRESS, /* where the unlock function begins */
	CRV_TID,
	CRV_VALUES,
};

/* The byte that CRV_REUSE writes wherever it does not write the word. */
enum { CRV_REUSE_BYTE = 0xa5 };

struct crv_order {
	uint32_t code;
	uint32_t reserved;
	uint64_t arguments[4] __attribute__((aligned(8)));
};

struct crv_answer {
	int64_t value __attribute__((aligned(8)));
	uint64_t values[CRV_VALUES] __attribute__((aligned(8)));
	char text[32]; /* CRV_HELLO: name and version of the library, "glibc 2.36" */
};

_Static_assert(sizeof(struct crv_order) == 40, "the same for 32 and 64 bits");
_Static_assert(sizeof(struct crv_answer) == 72, "the same for 32 and 64 bits");

/* The only argument of the program that an execve(2) ordered by CRV_EXEC starts. */
#define CRV_AFTER_EXEC "after-exec"

/* Serves CRV_ORDERS until the runner closes it. Exit status of the process. */
int crv_serve(void);

#endif
