/* SPDX-License-Identifier: MIT */
/*
 * The OOM reaper takes the page of a robust list head away, and when that is in a private
 * mapping of a file its original content comes back: NULL where the exit has read a pointer.
 *
 * Forbidden: an access to the word on behalf of the dead thread after its reuse.
 *
 * Mutants: NOLOOK (at MMF_UNSTABLE), LOOKFIRST (before the pointer is read)
 */
#define NCPU 3
#define NLOC 6
#define SBLEN 4
#define MAXW 6

#define PEND	0
#define STATE	1
#define PIL	2
#define MTX	3
#define PTL	4	/* page table lock */
#define FLAG	5	/* MMF_UNSTABLE */

#include "memory.h"

#define P1	5

#define OK	0
#define EXITING	1
#define DEAD	2

bool reused;

proctype unlocker()
{
	byte p;

	LOCK(0, MTX);
	LOCK(0, PIL);
	W(0, STATE, EXITING);			/* (A) */
	UNLOCK(0, PIL);
	R(0, PEND, p);				/* (B) */
	if
	:: p == P1 -> assert(!reused)		/* (C) */
	:: else
	fi;
	LOCK(0, PIL);
	W(0, STATE, DEAD);
	UNLOCK(0, PIL);
	UNLOCK(0, MTX)
}

/* __oom_reap_task_mm(), of a process that has got SIGKILL: all its threads exit. */
proctype reaper()
{
	W(1, FLAG, 1);
	LOCK(1, PTL);
	W(1, PEND, 0);
	UNLOCK(1, PTL)
}

proctype destroyer()
{
	byte p, s, f;
	bit ok;

#ifdef LOOKFIRST
	R(2, FLAG, f);
#endif
	LOCK(2, PTL);
	R(2, PEND, p);				/* (1) */
	UNLOCK(2, PTL);
#ifndef LOOKFIRST
	R(2, FLAG, f);
#endif
#ifdef NOLOOK
	f = 0;
#endif
	if
	:: p == P1 || f ->
		LOCK(2, PIL);			/* (2) */
		R(2, STATE, s);
		if
		:: s == OK && p == P1 -> CAS(2, PEND, P1, 0, ok)
		:: else
		fi;
		UNLOCK(2, PIL);
		if
		:: s == EXITING -> LOCK(2, MTX); UNLOCK(2, MTX)		/* (3) */
		:: else
		fi
	:: else
	fi;
	MB(2);
	reused = 1
}

init {
	atomic {
		INIT(PEND, P1);
		MEMSTART();
		run unlocker();
		run reaper();
		run destroyer()
	}
}
