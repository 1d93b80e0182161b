/* SPDX-License-Identifier: MIT */
/*
 * An address space that goes away while a caller visits it, which holds mm_count (not modelled:
 * it keeps the struct) and mmap_lock for reading, and no mm_users.
 *
 * One thread is left. Its exit cleanup, exit_mm(), mmput(), exit_mmap(); somebody else may hold
 * a reference for a while (/proc, a fault of another caller).
 *
 * Forbidden:
 *   freed     page tables or mappings are walked which exit_mmap() has freed
 *   refilled  a fault is handled behind the zap of exit_mmap(), or a lock of a hugetlb mapping
 *             taken, which it frees under the read lock
 *   reuse     the caller goes on although a thread is not through with (C)
 *   kept      the last reference is dropped under mmap_lock, where exit_mmap() waits for it
 *             (invalid end state)
 *
 * Mutants: NOLOOK (at mm_users), LOOKFIRST (before mmap_lock is taken), BAREFAULT (no reference
 *   for a fault), SYNCPUT (mmput() under mmap_lock)
 */
#define NCPU 4
#define NLOC 5
#define SBLEN 4
#define MAXW 9

#define USERS	0	/* mm->mm_users */
#define MMAP	1	/* mm->mmap_lock */
#define PEND	2
#define WORD	3
#define TMM	4	/* t->mm */

#include "memory.h"

#define TID	1
#define P1	5

bool over;		/* (C) is */
bool zapped, freed;
bool async;		/* mmput_async() has to free the address space */

inline exit_mmap(t) {
	RLOCK(t, MMAP);
	zapped = 1;
	RUNLOCK(t, MMAP);
	WLOCK(t, MMAP);
	freed = 1;
	WUNLOCK(t, MMAP)
}

/* atomic_dec_and_test() */
inline put(t, last) {
	atomic {
		ADD(t, USERS, 255);
		last = LAST(USERS) == 0
	}
}

/* mmget_not_zero() */
inline get(t, u, ok) {
	do
	:: R(t, USERS, u);
		if
		:: u == 0 -> ok = 0; break
		:: else -> CAS(t, USERS, u, u + 1, ok);
			if
			:: ok -> break
			:: else
			fi
		fi
	od;
	u = 0
}

proctype thread()
{
	byte p;
	bit last;

	R(0, PEND, p);				/* (B) */
	over = 1;				/* (C): from here on the word is not accessed */
	RLOCK(0, MMAP);
	MB(0);					/* smp_mb__after_spinlock() */
	W(0, TMM, 0);				/* exit_mm() */
	RUNLOCK(0, MMAP);
	put(0, last);
	if
	:: last -> exit_mmap(0)
	:: else
	fi
}

/* Somebody with a reference for a while */
proctype pinner()
{
	byte u;
	bit ok, last;

	get(2, u, ok);
	if
	:: ok ->
		put(2, last);
		if
		:: last -> exit_mmap(2)
		:: else
		fi
	:: else
	fi
}

/* The work queue behind mmput_async() */
proctype worker()
{
end:	async -> exit_mmap(3)
}

proctype caller()
{
	byte u;
	bit ok, last;

#ifdef LOOKFIRST
	R(1, USERS, u);
#endif
	RLOCK(1, MMAP);
#ifndef LOOKFIRST
	R(1, USERS, u);
#endif
#ifdef NOLOOK
	u = 1;
#endif
	if
	:: u == 0 ->				/* All threads left. */
		RUNLOCK(1, MMAP);
		MB(1);
		assert(over)
	:: else ->
		u = 0;
		assert(!freed);			/* vma_lookup(), folio_walk_start() */
		if
		:: skip
		:: skip ->			/* A fault has to be handled. */
#ifdef BAREFAULT
			ok = 1;
#else
			get(1, u, ok);
#endif
			if
			:: ok ->
				assert(!zapped);
				assert(!freed);
#ifndef BAREFAULT
				put(1, last);
#ifdef SYNCPUT
				if
				:: last -> exit_mmap(1)
				:: else
				fi;
#else
				async = async || last;
#endif
				last = 0;
#endif
			:: else			/* All threads left. */
			fi;
			ok = 0
		fi;
		assert(!freed);
		RUNLOCK(1, MMAP)
	fi
}

init {
	atomic {
		INIT(USERS, 1);
		INIT(PEND, P1);
		INIT(TMM, 1);
		MEMSTART();
		run thread();
		run pinner();
		run worker();
		run caller()
	}
}
