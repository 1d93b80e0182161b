/* SPDX-License-Identifier: MIT */
/*
 * A process that unmaps the memory of a lock, one of whose threads has announced an operation
 * on it. munmap(2) takes the mapping out of the tree, downgrades mmap_lock and only then clears
 * the page table entry: a thread can write through it, and no caller can see what it maps.
 *
 * Forbidden: an access to the word on behalf of the dead thread after its reuse.
 *
 * Variants: CLEAN (whoever unmaps calls cleanup_robust_list(FUTEX2_PRIVATE) first, as the
 *   documentation says), EXITS (the thread is exiting already when the call starts)
 * Mutant: NOWAIT (no look at the state without a mapping)
 */
#define NCPU 3
#define NLOC 8
#define SBLEN 4
#define MAXW 8

#define PEND	0
#define WORD	1
#define STATE	2
#define PIL	3
#define MTX	4
#define MMAP	5	/* mm->mmap_lock */
#define VMA	6	/* the mapping of the word is in the tree */
#define PTE	7	/* its page table entry */

#include "memory.h"

#define TID	1
#define P1	5

#define OK	0
#define EXITING	1
#define DEAD	2

bool reused, exiting;

inline rule(t) {
	LOCK(t, PIL);				/* (2) */
	R(t, STATE, s);
	if
	:: s == OK && p == P1 -> CAS(t, PEND, P1, 0, ok); ok = 0
	:: else
	fi;
	UNLOCK(t, PIL)
}
inline drain(t) {
	if
	:: s == EXITING -> LOCK(t, MTX); UNLOCK(t, MTX)		/* (3) */
	:: else
	fi;
	s = 0; p = 0
}

proctype unlocker()
{
	byte p, v;

	LOCK(0, MTX);
	LOCK(0, PIL);
	W(0, STATE, EXITING);			/* (A) */
	UNLOCK(0, PIL);
	exiting = 1;
	R(0, PEND, p);				/* (B) */
	if
	:: p == P1 ->				/* (C): without a fault, so without mmap_lock */
		atomic {
			R(0, PTE, v);
			assert(!(v && reused))
		}
	:: else
	fi;
	LOCK(0, PIL);
	W(0, STATE, DEAD);
	UNLOCK(0, PIL);
	UNLOCK(0, MTX)
}

proctype unmapper()
{
	byte p, s;
	bit ok;

#ifdef CLEAN
	R(1, PEND, p);				/* (1) */
	if
	:: p == P1 -> rule(1); drain(1)
	:: else
	fi;
	p = 0;
	MB(1);
#endif
	WLOCK(1, MMAP);
	W(1, VMA, 0);
	DOWNGRADE(1, MMAP);
	W(1, PTE, 0);
	RUNLOCK(1, MMAP)
}

proctype destroyer()
{
	byte p, s, v;
	bit ok;

#ifdef EXITS
	exiting;
#endif
	/* The mapping is in the reverse mapping until its page tables are freed. */
	RLOCK(2, MMAP);
	R(2, VMA, v);
	R(2, PEND, p);				/* (1) */
	if
	:: p != P1
	:: p == P1 && v -> rule(2)
	:: p == P1 && !v ->			/* cannot be judged */
#ifndef NOWAIT
		LOCK(2, PIL);
		R(2, STATE, s);
		UNLOCK(2, PIL)
#endif
	fi;
	RUNLOCK(2, MMAP);
	drain(2);
	MB(2);
	reused = 1
}

init {
	atomic {
		INIT(PEND, P1);
		INIT(WORD, 0);
		INIT(VMA, 1);
		INIT(PTE, 1);
		MEMSTART();
		run unlocker();
		run unmapper();
		run destroyer()
	}
}
