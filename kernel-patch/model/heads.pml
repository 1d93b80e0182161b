/* SPDX-License-Identifier: MIT */
/*
 * A thread with two robust list heads, native and compat, either of which may be absent.
 *
 * The exit code processes the native head, forgets it, processes the compat head, forgets that.
 * The pending operation on the lock that is destroyed is in one of them.
 *
 * Forbidden: an access to the word on behalf of the dead thread after its reuse.
 *
 * Variants: TWO (another caller), SIGNAL (a signal ends a wait, and the call starts again),
 *   JOINER (another thread writes NULL over both pointers, when the thread is gone),
 *   LOOKNULL (a head that is read as NULL is taken for one that cannot be judged; it need not
 *   be: the exit code has stored that after its (C), and what (C) does is ordered before it)
 * Mutants: FIRSTONLY (the compat head is not looked at when there is a native one) NODRAIN
 *   NOSTATE
 */
#define NCPU 3
#define NLOC 10
#define SBLEN 4
#define MAXW 7

#define PEND	0	/* list_op_pending: native, compat */
#define PEND32	1
#define HEAD	2	/* t->futex.robust_list, compat_robust_list */
#define HEAD32	3
#define WORD	4
#define STATE	5	/* t->futex.state */
#define PIL	6	/* t->pi_lock */
#define MTX	7	/* t->futex.exit_mutex */
#define TMM	8	/* t->mm */
#define GONE	9	/* clear_child_tid */

#include "memory.h"

#define TID	1
#define DIED	64
#define P1	5
#define P2	9	/* another lock's */

#define OK	0
#define EXITING	1
#define DEAD	2

bool reused;
bool has, has32;	/* what the thread had registered */
bool in32;		/* where it announces */

/* exit_robust_list(), compat_exit_robust_list() */
inline exit_list(head, pend) {
	R(0, head, h);
	if
	:: h ->
		R(0, pend, p);			/* (B) */
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
		p = 0;
		W(0, head, 0)
	:: else
	fi;
	h = 0
}

inline unlock(pend) {
	W(0, pend, P1);
	SETREL(0, WORD, 0);
	if
	:: skip					/* killed */
	:: W(0, pend, 0);
	   if
	   :: skip
	   :: W(0, pend, P2)			/* in the next operation */
	   fi
	fi
}

proctype unlocker()
{
	byte h, p, v;
	bit ok;

	if
	:: in32 -> unlock(PEND32)
	:: else -> unlock(PEND)
	fi;

	LOCK(0, MTX);
	LOCK(0, PIL);
	W(0, STATE, EXITING);			/* (A) */
	UNLOCK(0, PIL);
	exit_list(HEAD, PEND);
	exit_list(HEAD32, PEND32);
	LOCK(0, PIL);
	W(0, STATE, DEAD);
	UNLOCK(0, PIL);
	UNLOCK(0, MTX);
	W(0, GONE, 1);				/* put_user() in mm_release(): a plain store */
	MB(0);
	W(0, TMM, 0)
}

/* One head: (1) and (2) */
inline visit(t, head, pend, h) {
	if
	:: h ->
		R(t, pend, p);			/* (1) */
		if
		:: p == P1 ->
			LOCK(t, PIL);		/* (2) */
			R(t, STATE, s);
			R(t, TMM, m);
			R(t, head, v);
			if
#ifdef NOSTATE
			:: m == 1 && v == h -> CAS(t, pend, P1, 0, ok); ok = 0
#else
			:: s == OK && m == 1 && v == h -> CAS(t, pend, P1, 0, ok); ok = 0
#endif
			:: else
			fi;
			UNLOCK(t, PIL);
			wait = wait || s == EXITING;
			s = 0; m = 0; v = 0
		:: else
		fi;
		p = 0
	:: else ->
#ifdef LOOKNULL
		LOCK(t, PIL);			/* cannot be judged */
		R(t, STATE, s);
		UNLOCK(t, PIL);
		wait = wait || s == EXITING;
		s = 0
#else
		skip
#endif
	fi
}

inline heads(t) {
	R(t, HEAD, h);
	R(t, HEAD32, g);
	RMB(t);
	R(t, TMM, m)
}

inline cleanup(t) {
	do
	::	heads(t);
		if
		:: m == 0 -> m = 0; h = 0; g = 0; break
		:: else
		fi;
		m = 0;
		visit(t, HEAD, PEND, h);
#ifdef FIRSTONLY
		if
		:: !h -> visit(t, HEAD32, PEND32, g)
		:: else
		fi;
#else
		visit(t, HEAD32, PEND32, g);
#endif
		h = 0; g = 0;
#ifdef NODRAIN
		wait = 0;
#endif
		if
		:: wait ->			/* (3) */
			wait = 0;
			if
			:: LOCK(t, MTX); UNLOCK(t, MTX); break
#ifdef SIGNAL
			:: signals > 0 -> signals--	/* restart */
#endif
			fi
		:: else -> break
		fi
	od;
	MB(t)
}

inline released(t) {
	do
	:: R(t, WORD, v);
		if
		:: v == 0 || reused -> break
		:: else
		fi
	od;
	v = 0;
	RMB(t)
}

proctype destroyer()
{
	byte h, g, m, p, s, v;
	bit ok, wait;
#ifdef SIGNAL
	byte signals = 1;
#endif

	released(1);
	cleanup(1);
	reused = 1;
	W(1, WORD, TID)
}

#ifdef TWO
proctype second()
{
	byte h, g, m, p, s, v;
	bit ok, wait;
#ifdef SIGNAL
	byte signals = 1;
#endif

	released(2);
	cleanup(2)
}
#endif

#ifdef JOINER
/* Another thread of the address space, which uses the memory of the heads again. */
proctype joiner()
{
	byte v;

	R(2, GONE, v);
	if
	:: v ->
		RMB(2);
		W(2, PEND, 0);
		W(2, PEND32, 0)
	:: else
	fi
}
#endif

init {
	atomic {
		if
		:: in32 = 0; has = 1
		:: in32 = 0; has = 1; has32 = 1
		:: in32 = 1; has32 = 1
		:: in32 = 1; has = 1; has32 = 1
		fi;
		INIT(WORD, TID);
		INIT(TMM, 1);
		INIT(HEAD, has);
		INIT(HEAD32, has32);
		MEMSTART();
		run unlocker();
		run destroyer();
#ifdef TWO
		run second();
#endif
#ifdef JOINER
		run joiner()
#endif
	}
}
