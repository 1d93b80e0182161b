/* SPDX-License-Identifier: MIT */
/*
 * Several threads to wait for: all are visited before the first wait. Those to wait for are
 * remembered with a reference on the task. Until the wait the first can be done, and in exec or
 * the exit after that one in its clean-up again.
 *
 * Forbidden:
 *   reuse     an access to lock 1's word on behalf of a dead thread after its reuse
 *   delayed   the second thread's pointer is not cleared, because the first is held in its exit
 *             cleanup (by its own page faults)
 *   waits     somebody waits forever, (invalid end state)
 *
 * Variants: HELD (the first thread can be held in its exit cleanup without end), SIGNAL
 * Mutants: ATONCE (waits for each where it is visited), FORGET (remembers only the last),
 *   NODRAIN
 */
#define NCPU 3
#define NLOC 11
#define SBLEN 4
#define MAXW 7

#define PEND(n)		(0 + (n))
#define STATE(n)	(2 + (n))
#define PIL(n)		(4 + (n))
#define MTX(n)		(6 + (n))
#define TMM(n)		(8 + (n))
#define WORD		10

#include "memory.h"

#define TID	1
#define P1	5

#define OK	0
#define EXITING	1
#define DEAD	2

bool reused, delayed;
bool held;		/* thread 0 is, in its exit cleanup */

inline exit_release(n) {
	LOCK(n, MTX(n));
	LOCK(n, PIL(n));
	W(n, STATE(n), EXITING);		/* (A) */
	UNLOCK(n, PIL(n));
	if
	:: mm == 1 ->
		R(n, PEND(n), p);		/* (B) */
#ifdef HELD
		if
		:: n == 0 -> held = 1; goto out	/* a page fault that is never answered */
		:: skip
		fi;
#endif
		if
		:: p == P1 -> assert(!reused)	/* (C) */
		:: else
		fi;
		p = 0
	:: else
	fi;
	LOCK(n, PIL(n));
	W(n, STATE(n), DEAD);
	UNLOCK(n, PIL(n));
	UNLOCK(n, MTX(n));
	MB(n)
}

proctype thread(byte n)
{
	byte p;
	byte mm = 1;

	if
	:: skip					/* killed */
	:: W(n, PEND(n), 0)
	fi;
	exit_release(n);
	if
	:: n == 0 ->				/* exec, and the exit after it */
		W(n, TMM(n), 2);
		mm = 2;
		LOCK(n, PIL(n));
		W(n, STATE(n), OK);
		UNLOCK(n, PIL(n));
		exit_release(n)
	:: else
	fi;
	W(n, TMM(n), 0);
out:	skip
}

inline wait(n) {
	if
	:: LOCK(2, MTX(n)); UNLOCK(2, MTX(n))	/* (3) */
#ifdef SIGNAL
	:: signals > 0 -> signals--; again = 1
#endif
#ifdef HELD
	:: held && n == 0 ->			/* for ever, but the other one is done */
		delayed = (LAST(PEND(1)) == P1 && LAST(STATE(1)) == OK);
		assert(!delayed);
		goto out
#endif
	fi
}

inline visit(n) {
	R(2, TMM(n), m);
	if
	:: m == 1 ->
		R(2, PEND(n), p);		/* (1) */
		if
		:: p == P1 ->
			LOCK(2, PIL(n));	/* (2) */
			R(2, STATE(n), s);
			R(2, TMM(n), m);
			if
			:: s == OK && m == 1 -> CAS(2, PEND(n), P1, 0, ok); ok = 0
			:: else
			fi;
			UNLOCK(2, PIL(n));
#if defined(ATONCE)
			if
			:: s == EXITING -> wait(n)
			:: else
			fi;
#elif defined(FORGET)
			if
			:: s == EXITING -> rem0 = (n == 0); rem1 = (n == 1)
			:: else
			fi;
#elif !defined(NODRAIN)
			if
			:: s == EXITING && n == 0 -> rem0 = 1
			:: s == EXITING && n == 1 -> rem1 = 1
			:: else
			fi;
#endif
			s = 0
		:: else
		fi;
		p = 0
	:: else
	fi;
	m = 0
}

proctype destroyer()
{
	byte m, p, s;
	bit ok, rem0, rem1, again;
#ifdef SIGNAL
	byte signals = 1;
#endif

	do
	::	visit(0);
		if :: !again -> visit(1) :: else fi;
		if :: !again && rem0 -> wait(0) :: else fi;
		if :: !again && rem1 -> wait(1) :: else fi;
		rem0 = 0; rem1 = 0;
		if
		:: again -> again = 0
		:: else -> break
		fi
	od;
	MB(2);
	reused = 1;
out:	skip
}

init {
	atomic {
		INIT(PEND(0), P1);
		INIT(PEND(1), P1);
		INIT(TMM(0), 1);
		INIT(TMM(1), 1);
		MEMSTART();
		run thread(0);
		run thread(1);
		run destroyer()
	}
}
