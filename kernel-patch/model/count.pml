/* SPDX-License-Identifier: MIT */
/*
 * All threads of an address space are in one group when their number equals mm_users.
 *
 * A group: the leader (it creates a thread, and may exit), a thread that exits, the one that is
 * created. R is a process that shares the address space without being in the group (CLONE_VM)
 * and has a pending operation until its exit cleanup is over. Somebody else holds a reference
 * for a while (/proc, fork, a fault of another caller). The caller is in another process, or a
 * thread of the group; it holds no reference on mm_users of its own.
 *
 * Forbidden: the caller takes the short way and R still has to do its exit cleanup.
 *
 * Variants: NOPINNER (nobody holds a reference), STAYS (the leader does not exit)
 * Mutants: COUNTFIRST NOSIGLOCK NORMB NOBARRIER (in exit_mm()) LINKFIRST (a thread is linked
 *   before it is counted in mm_users) SELF (a reference is counted that the caller has not)
 */
#define NCPU 5
#define NLOC 9
#define SBLEN 4
#define MAXW 10

#define USERS	0	/* mm->mm_users */
#define SIG	1	/* siglock */
#define MM0	2	/* t->mm: leader */
#define MM1	3	/* the one which exits */
#define MM2	4	/* the one which is created */
#define LNK2	5	/* it is on the thread list */
#define LNK1	6	/* the exiting one is: until it is reaped */
#define MMR	7	/* R: not on the list */
#define PNDR	8	/* R's pending pointer */

#include "memory.h"

bool over;		/* R's (C) is over */

/* exit_mm() */
inline leave(t, loc) {
	W(t, loc, 0);
#ifdef NOBARRIER
	ADDR(t, USERS, 255)
#else
	MB(t);
	ADD(t, USERS, 255)			/* mmput() */
#endif
}

proctype exiting()
{
	leave(1, MM1);
	/* __exit_signal() */
	LOCK(1, SIG);
	W(1, LNK1, 0);
	UNLOCK(1, SIG)
}

proctype leader()
{
	if
	:: skip ->
		/* copy_mm(), copy_process() */
#ifndef LINKFIRST
		ADDR(0, USERS, 1);
		W(0, MM2, 1);
#endif
		LOCK(0, SIG);
		W(0, LNK2, 1);
		UNLOCK(0, SIG);
#ifdef LINKFIRST
		ADDR(0, USERS, 1);
		W(0, MM2, 1);
#endif
		/* and the new one may exit at once */
		if
		:: leave(0, MM2)
		:: skip
		fi
	:: skip
	fi;
#ifndef STAYS
	if
	:: leave(0, MM0)			/* A zombie leader stays on the list. */
	:: skip
	fi
#endif
}

proctype R_()
{
	byte p;

	R(2, PNDR, p);			/* (B) */
	over = 1;			/* (C): from here on the word is not accessed */
	leave(2, MMR)
}

proctype pinner()
{
	ADD(3, USERS, 1);
	ADD(3, USERS, 255)
}

inline count(loc) {
	R(4, loc, m);
	if
	:: m == 1 -> nr++
	:: else
	fi;
	m = 0
}
inline counts() {
	count(MM0);
	R(4, LNK1, lk);
	if
	:: lk -> count(MM1)
	:: else
	fi;
	R(4, LNK2, lk);
	if
	:: lk -> count(MM2)
	:: else
	fi;
	lk = 0
}

proctype caller()
{
	byte nr, users, m, lk;

#ifdef SELF
	nr = 1;
#endif

#ifndef NOSIGLOCK
	LOCK(4, SIG);
#endif
#ifdef COUNTFIRST
	counts();
	RMB(4);
	R(4, USERS, users);
#else
	R(4, USERS, users);
#ifndef NORMB
	RMB(4);
#endif
	counts();
#endif
#ifndef NOSIGLOCK
	UNLOCK(4, SIG);
#endif

	if
	:: nr == users ->
		/* The group is visited. R is not. */
		assert(over)
	:: else				/* They are searched among all processes. */
	fi;
	nr = 0; users = 0
}

init {
	atomic {
		INIT(USERS, 3);
		INIT(MM0, 1);
		INIT(MM1, 1);
		INIT(MMR, 1);
		INIT(LNK1, 1);
		INIT(PNDR, 5);
		MEMSTART();
		run leader();
		run exiting();
		run R_();
#ifndef NOPINNER
		run pinner();
#endif
		run caller()
	}
}
