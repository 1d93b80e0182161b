/* SPDX-License-Identifier: MIT */
/*
 * An unlocker that is killed at any point, against one or two callers.
 *
 * Forbidden:
 *   reuse     an access to lock 1's word on behalf of the dead thread after its reuse
 *   lost      the thread died as the owner of lock 2 and OWNER_DIED was not set
 *   waits     somebody waits forever (invalid end state)
 *
 * Variants: TWO (a second caller, which does not reuse; it may be so slow that it counts as
 *   killed), SIGNAL (a signal ends a wait, and the call starts again), SELF (a handler in the
 *   unlocker itself makes the call)
 * Mutants: NOSTATE NOLOCK NODRAIN STATEFIRST PLAIN HALF
 */
#define NCPU 3
#define NLOC 7
#define SBLEN 4
#define MAXW 9

#define PEND	0	/* list_op_pending */
#define WORD	1	/* lock 1, which is destroyed */
#define WORD2	2	/* lock 2, which is not */
#define STATE	3	/* t->futex.state */
#define PIL	4	/* t->pi_lock */
#define MTX	5	/* t->futex.exit_mutex */
#define TMM	6	/* t->mm */

#include "memory.h"

#define TID	1	/* also what the word is reused for */
#define TID_D	2
#define DIED	64

/* Two locks the pointers to which have one half in common, for a 32 bit cmpxchg */
#define P1	5	/* 1:1 */
#define P2	9	/* 2:1 */

#define OK	0
#define EXITING	1
#define DEAD	2

bool reused;		/* ghost: the destroyer has started to reuse the word */
bool lost;		/* lock 2 is, see above */
bool linked2;		/* lock 2 is on the robust list, private to the thread */

/* handle_futex_death() */
inline death(w) {
	R(0, w, v);
	assert(!(w == WORD && reused));
	if
	:: v == TID ->
		CAS(0, w, TID, DIED, ok);
		assert(!(w == WORD && reused && ok))
	:: else
	fi;
	v = 0; ok = 0
}

/* cmpxchg() of list_op_pending */
#if defined(HALF)
inline CLEAR(t, o) {
	/* Compares and replaces the lower half. */
	CAS(t, PEND, o, o - (o & 3), ok);
	if
	:: !ok ->
		R(t, PEND, q);
		if
		:: (q & 3) == (o & 3) && (q & 3) != 0 -> CAS(t, PEND, q, q - (q & 3), ok)
		:: else
		fi;
		q = 0
	:: else
	fi
}
#elif defined(PLAIN)
#define CLEAR(t, o)	W(t, PEND, 0)
#else
#define CLEAR(t, o)	CAS(t, PEND, o, 0, ok)
#endif

/* cleanup_robust_list(), for one thread */
inline cleanup(t) {
	do
	::	R(t, TMM, m);
		if
		:: m == 0 -> m = 0; break	/* It left, so it is done. */
		:: else
		fi;
		m = 0;
#ifdef STATEFIRST
		LOCK(t, PIL);
		R(t, STATE, s);
		UNLOCK(t, PIL);
#endif
		R(t, PEND, p);			/* (1) */
		if
		:: p != P1 -> p = 0; s = 0; break
		:: else
		fi;
		/* Wakes, and may sleep. */
#if defined(STATEFIRST)
		if
		:: s == OK -> CLEAR(t, p)
		:: else
		fi;
#elif defined(NOLOCK)
		MB(t);
		R(t, STATE, s);			/* (2) */
		if
		:: s == OK -> CLEAR(t, p)
		:: else
		fi;
		MB(t);
#else
		LOCK(t, PIL);			/* (2) */
		R(t, STATE, s);
		R(t, TMM, m);
		if
#ifdef NOSTATE
		:: m == 1 -> CLEAR(t, p)
#else
		:: s == OK && m == 1 -> CLEAR(t, p)
#endif
		:: else
		fi;
		UNLOCK(t, PIL);
		m = 0;
#endif
		ok = 0; p = 0;
#ifdef NODRAIN
		s = 0;
		break
#else
		if
		:: s == EXITING ->		/* (3) */
			s = 0;
			if
			:: LOCK(t, MTX); UNLOCK(t, MTX); break
#ifdef SIGNAL
			:: signals > 0 -> signals--	/* restart */
#endif
			fi
		:: else -> s = 0; break
		fi
#endif
	od;
	MB(t)
}

#define KILL	:: goto killed

proctype unlocker()
{
	byte p, m, s, q, v;
	bit ok;
#ifdef SIGNAL
	byte signals;
#endif

	/* It owns lock 1. Unlock: announce, release, clear. */
	W(0, PEND, P1);
	if KILL :: skip fi;
	SETREL(0, WORD, 0);
	if KILL :: skip fi;
#ifdef SELF
	if :: cleanup(0) :: skip fi;
	if KILL :: skip fi;
#endif
	W(0, PEND, 0);
	if KILL :: skip fi;

	/* Lock 2 */
	W(0, PEND, P2);
	if KILL :: skip fi;
	CASACQ(0, WORD2, 0, TID, ok);
	ok = 0;
	if KILL :: skip fi;
	linked2 = 1;
	W(0, PEND, 0);
	if KILL :: skip fi;

	/* and unlock it */
	W(0, PEND, P2);
	linked2 = 0;
	if KILL :: skip fi;
	SETREL(0, WORD2, 0);
	if KILL :: skip fi;
	W(0, PEND, 0);

killed:
	/* futex_cleanup_begin() */
	LOCK(0, MTX);
	LOCK(0, PIL);
	W(0, STATE, EXITING);			/* (A) */
	UNLOCK(0, PIL);

	/* exit_robust_list() */
	R(0, PEND, p);				/* (B) */
	if
	:: linked2 && p != P2 -> death(WORD2)
	:: else
	fi;
	if					/* (C) */
	:: p == P1 -> death(WORD)
	:: p == P2 -> death(WORD2)
	:: else
	fi;
	p = 0;
	/* Whoever died as the owner of lock 2 has left a note. */
	R(0, WORD2, v);
	lost = (v == TID);
	assert(!lost);
	v = 0;

	/* futex_cleanup_end() */
	LOCK(0, PIL);
	W(0, STATE, DEAD);
	UNLOCK(0, PIL);
	UNLOCK(0, MTX);

	/* exit_mm() */
	MB(0);
	W(0, TMM, 0)
}

proctype destroyer()
{
	byte p, m, s, q;
	bit ok;
#ifdef SIGNAL
	byte signals = 1;
#endif

	/* The last user: has seen the release, by locking. */
	do
	:: CASACQ(1, WORD, 0, TID_D, ok);
		if
		:: ok -> break
		:: else
		fi
	od;
	ok = 0;
	SETREL(1, WORD, 0);

	cleanup(1);

	reused = 1;
	W(1, WORD, TID)
}

#ifdef TWO
/* Another process, e.g. before it unmaps its mapping. Does not reuse the memory. */
proctype second()
{
	byte p, m, s, q, v;
	bit ok;
#ifdef SIGNAL
	byte signals = 1;
#endif

	/* It knows that lock 1 is not in use. */
	do
	:: R(2, WORD, v);
		if
		:: v == 0 || reused -> break
		:: else
		fi
	od;
	v = 0;
	RMB(2);
	cleanup(2)
}
#endif

init {
	atomic {
		INIT(WORD, TID);
		INIT(TMM, 1);
		MEMSTART();
		run unlocker();
		run destroyer();
#ifdef TWO
		run second()
#endif
	}
}
