/* SPDX-License-Identifier: MIT */
/*
 * One user of an address space: when it is mm->owner, no lock is needed to know that it is all.
 *
 * X and Y use the address space, in different groups (vfork(), CLONE_VM). Either both do from the
 * start, and one of them is the owner, or X creates Y. Each may exit: its cleanup is over, then it
 * leaves and names the other one as the owner. Somebody else holds a reference for a while.
 *
 * Forbidden: the caller visits the group of the owner only, and the other one, which was there
 * when the call began, still has to do its exit cleanup.
 *
 * Variants: CREATE (X creates Y), NOPINNER (nobody holds a reference), ANYMM (the group is visited
 * whether or not its owner still uses the address space: the look at that decides nothing)
 * Mutants: OWNERONLY (mm_users is not looked at) LATE (it is read last) NORMB
 */
#define NCPU 4
#define NLOC 6
#define SBLEN 4
#define MAXW 8

#define USERS	0	/* mm->mm_users */
#define OWNER	1	/* mm->owner: 0 none, 1 X, 2 Y */
#define MMX	2	/* t->mm */
#define MMY	3
#define TLX	4	/* task_lock() */
#define TLY	5

#include "memory.h"

bool overX, overY;	/* (C) is over, or there is nothing to do */
bool over;		/* that of the one which is not visited */

/* exit_mm(), mm_update_next_owner() */
inline leave(t, me, mymm, mylock, other, othermm, otherlock) {
	LOCK(t, mylock);
	W(t, mymm, 0);
	UNLOCK(t, mylock);
	R(t, OWNER, o);
	if
	:: o == me ->
		R(t, USERS, u);
		if
		:: u <= 1 -> W(t, OWNER, 0)
		:: else ->
			LOCK(t, otherlock);
			R(t, othermm, m);
			if
			:: m -> W(t, OWNER, other)
			:: else
			fi;
			UNLOCK(t, otherlock);
			if
			:: m
			:: else -> W(t, OWNER, 0)
			fi
		fi
	:: else
	fi;
	o = 0; u = 0; m = 0;
	ADD(t, USERS, 255)			/* mmput() */
}

proctype Y_()
{
	byte o, u, m;

	if
	:: true ->
		overY = 1;
		leave(1, 2, MMY, TLY, 1, MMX, TLX)
	:: true
	fi
}

proctype X_()
{
	byte o, u, m;

#ifdef CREATE
	/* copy_mm() */
	ADDR(0, USERS, 1);
	W(0, MMY, 1);
	MB(0);				/* copy_process() with its locks */
	run Y_();
#endif
	if
	:: true ->
		overX = 1;
		leave(0, 1, MMX, TLX, 2, MMY, TLY)
	:: true
	fi
}

proctype pinner()
{
	ADD(3, USERS, 1);
	ADD(3, USERS, 255)
}

#ifdef ANYMM
#define USES	1
#else
#define USES	mm
#endif

proctype caller()
{
	byte users, owner, mm;

#ifndef LATE
	R(2, USERS, users);
#ifndef NORMB
	RMB(2);
#endif
#endif
	R(2, OWNER, owner);
	if
	:: owner == 1 -> R(2, MMX, mm)
	:: owner == 2 -> R(2, MMY, mm)
	:: else
	fi;
#ifdef LATE
	RMB(2);
	R(2, USERS, users);
#endif
#ifdef OWNERONLY
	users = 1;
#endif
	if
	:: users == 1 && USES && owner == 1 -> atomic { over = overY; assert(over) }
	:: users == 1 && USES && owner == 2 -> atomic { over = overX; assert(over) }
	:: else
	fi;
	users = 0; owner = 0; mm = 0
}

init {
	atomic {
		INIT(MMX, 1);
#ifdef CREATE
		INIT(USERS, 1);
		INIT(OWNER, 1);
		overY = 1;		/* It starts without a robust list. */
#else
		INIT(USERS, 2);
		INIT(MMY, 1);
		if
		:: true -> INIT(OWNER, 1)
		:: true -> INIT(OWNER, 2)
		fi;
#endif
		MEMSTART();
		run X_();
#ifndef CREATE
		run Y_();
#endif
#ifndef NOPINNER
		run pinner();
#endif
		run caller()
	}
}
