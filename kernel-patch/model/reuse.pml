/* SPDX-License-Identifier: MIT */
/*
 * Whose head is it? A thread that exits or execs, the memory of its robust list head, which is
 * used for something else thereafter, and a caller.
 *
 * Forbidden:
 *   wrong mm  the head that a thread registers after exec is looked up in the old address space
 *   stomp     the caller stores NULL in memory that is no robust list head any more
 *   reuse     as in exit.pml
 *
 * Variants:
 *   EXEC      exec, else exit. AGAIN: a second one. SAME: the new program registers a head at
 *             the same address, where somebody else has the old address space (vfork())
 *   REREG     a live thread registers another head, and uses the memory of the old one for
 *             something else. REREGMB: with a full barrier in set_robust_list(2)
 *   GAP       stomp means: it was visible already when the caller looked at the head under
 *             pi_lock. What happens between that look and the cmpxchg is not held against it.
 *   V6_12     the backports: exec sets the state to OK while t->mm is the old one
 * Mutants: NOHEAD NOMM NOLOCK MMFIRST (the looks in (2)); NORECHECK CHECKFIRST NORMB NOTASKLOCK
 *   (the look at t->mm after the head); NODRAIN; V6_1 (6.1 without the first mail of its backport:
 *   as V6_12, and the state is left without pi_lock)
 */
#define NCPU 3
#define NLOC 9
#define SBLEN 4
#define MAXW 9

#define PEND	0	/* list_op_pending of the old head, or what is there later */
#define WORD	1
#define HEAD	2	/* t->futex.robust_list */
#define STATE	3	/* t->futex.state */
#define PIL	4	/* t->pi_lock */
#define MTX	5	/* t->futex.exit_mutex */
#define TMM	6	/* t->mm: 1 old, 2, 3 new, 0 none */
#define GONE	7	/* clear_child_tid, vfork_done */
#define ALLOC	8	/* t->alloc_lock */

#include "memory.h"

#ifdef NOTASKLOCK
#define TASK_LOCK	skip
#define TASK_UNLOCK	skip
#else
#define TASK_LOCK	LOCK(0, ALLOC); MB(0)	/* membarrier_exec_mmap(), smp_mb__after_spinlock() */
#define TASK_UNLOCK	UNLOCK(0, ALLOC)
#endif

#define TID	1
#define DIED	64
#define P1	5

#define H1	1	/* head in the old address space */
#define H2	2	/* another address; in the old address space that is something else */
#ifdef SAME
#define HNEW	H1
#else
#define HNEW	H2
#endif

#define OK	0
#define EXITING	1
#define DEAD	2

#if defined(V6_12) || defined(V6_1)
#define EXECED	OK
#else
#define EXECED	DEAD
#endif

bool reused;		/* the word is */
bool wrongmm;
bool stale;		/* the memory of the head is */

/*
 * futex_cleanup_begin(), futex_cleanup(), futex_cleanup_end(). Up to 6.12 the state is OK again
 * after that in exec, while t->mm is the old one.
 */
inline exit_release(after) {
	LOCK(0, MTX);
	LOCK(0, PIL);
	W(0, STATE, EXITING);			/* (A) */
	UNLOCK(0, PIL);
	R(0, HEAD, h);
	if
	:: h == H1 && m == 1 ->
		R(0, PEND, p);			/* (B) */
		if
		:: p == P1 ->			/* (C) */
			R(0, WORD, v);
			assert(!reused);
			if
			:: v == TID -> CAS(0, WORD, TID, DIED, ok); ok = 0
			:: else
			fi;
			v = 0
		:: else
		fi;
		p = 0
	:: else
	fi;
	h = 0;
	W(0, HEAD, 0);
#ifndef V6_1
	LOCK(0, PIL);
#endif
	W(0, STATE, after);
#ifndef V6_1
	UNLOCK(0, PIL);
#endif
	UNLOCK(0, MTX)
}

inline exec(new) {
	TASK_LOCK;
	W(0, TMM, new);				/* exec_mmap() */
	m = new;
	TASK_UNLOCK;
#if defined(V6_12) || defined(V6_1)
	MB(0);					/* mmput() */
#else
	LOCK(0, PIL);
	W(0, STATE, OK);			/* futex_exec_done() */
	UNLOCK(0, PIL);
#endif
	W(0, HEAD, HNEW)			/* set_robust_list() */
}

proctype target()
{
	byte h, p, v;
	byte m = 1;
	bit ok;

	/* Has lock 1 and unlocks it. */
	W(0, PEND, P1);
	SETREL(0, WORD, 0);
	if
	:: W(0, PEND, 0)
	:: skip					/* killed, or exec in a signal handler */
	fi;
#ifdef REREG
	if
	:: W(0, PEND, 0);
	   W(0, HEAD, H2);			/* set_robust_list() */
#ifdef REREGMB
	   MB(0);
#endif
	   stale = 1;
	   W(0, PEND, P1)			/* an innocent pointer in the old head's memory */
	:: skip
	fi
#else
#ifdef EXEC
	exit_release(EXECED);
	W(0, GONE, 1);				/* mm_release() */
	exec(2);
#ifdef AGAIN
	exit_release(EXECED);
	exec(3);
#endif
#else
	exit_release(DEAD);
	W(0, GONE, 1);
	TASK_LOCK;
	W(0, TMM, 0);				/* exit_mm() */
	TASK_UNLOCK
#endif
#endif
}

/* Another thread of the address space: pthread_join(), or the parent after vfork() */
proctype joiner()
{
	byte v;

	do
	:: R(2, GONE, v);
		if
		:: v -> break
		:: else
		fi
	od;
	v = 0;
	RMB(2);
	stale = 1;
	W(2, PEND, P1)				/* an innocent pointer */
}

#ifdef NOMM
#define MM_SAME		true
#else
#define MM_SAME		(m == 1)
#endif
#ifdef NOHEAD
#define HEAD_SAME	true
#else
#define HEAD_SAME	(v == h)
#endif

/* (2) */
inline clear(h) {
#ifdef NOLOCK
	MB(1);
#else
	LOCK(1, PIL);
#endif
	R(1, STATE, s);
#ifdef MMFIRST
	R(1, TMM, m);
	RMB(1);
#endif
#ifdef GAP
	atomic { R(1, HEAD, v); visible = stale && SETTLED(0, PEND) && LAST(PEND) == P1 }
#else
	R(1, HEAD, v);
#endif
#ifndef MMFIRST
	RMB(1);
	R(1, TMM, m);
#endif
#ifdef NOLOCK
	MB(1);
#endif
	if
	:: s == OK && MM_SAME && HEAD_SAME ->
		CAS(1, PEND, P1, 0, ok);
#ifdef GAP
		assert(!(ok && visible));
		visible = 0;
#else
		assert(!(ok && stale));
#endif
		ok = 0
	:: else
	fi;
#ifndef NOLOCK
	UNLOCK(1, PIL);
#endif
	m = 0; v = 0;
#ifndef NODRAIN
	if
	:: s == EXITING -> LOCK(1, MTX); UNLOCK(1, MTX)		/* (3) */
	:: else
	fi;
#endif
	s = 0
}

proctype destroyer()
{
	byte h, m, p, s, v;
	bit ok, visible;

	do
	:: R(1, WORD, v);
		if
		:: v == 0 -> break
		:: else
		fi
	od;
	RMB(1);

#ifdef CHECKFIRST
	R(1, TMM, m);
	RMB(1);
	R(1, HEAD, h);
#else
	R(1, HEAD, h);
#ifndef NORMB
	RMB(1);
#endif
	R(1, TMM, m);
#endif
#ifdef NORECHECK
	m = 1;
#endif
	if
	:: m == 1 ->
		m = 0;
		#ifndef REREG
		wrongmm = (h == H2);
		assert(!wrongmm);
#endif
		if
		:: h == H1 ->
			/* mmap_lock keeps the memory mapped, no more. */
			R(1, PEND, p);			/* (1) */
			if
			:: p == P1 -> clear(h)
			:: else				/* no wait */
			fi;
			p = 0
		:: else					/* forgotten: (C) is over */
		fi
	:: else
	fi;
	h = 0; m = 0;
	MB(1);
	reused = 1;
	W(1, WORD, TID)
}

init {
	atomic {
		INIT(WORD, TID);
		INIT(TMM, 1);
		INIT(HEAD, H1);
		MEMSTART();
		run target();
#if !defined(NOREUSE) && !defined(REREG)
		run joiner();
#endif
		run destroyer()
	}
}
