/* SPDX-License-Identifier: MIT */
/*
 * The wake duty: who wakes the next waiter.
 *
 * An unlocker in process P, killed anywhere; waiters in process Q, which go on to use the lock,
 * one of which may be killed; a caller in P (FUTEX2_PRIVATE, before P unmaps), which may be
 * killed anywhere, and maybe a second one. Sequentially consistent: the lock of the futex hash
 * bucket orders wait and wake.
 *
 * Forbidden: a waiter sleeps forever, i.e. a deadlock ("invalid end state").
 *
 * Variants: TWO (callers), OTHER (the lock is used by another thread of P after the unlock),
 *   QKILL (a waiter may be killed), REUSE (checks that nobody of P wakes after the call: the
 *   unlocker that is alive does, as the documentation says), KEEP (a proposal: a contended
 *   unlock leaves FUTEX_WAITERS in the released word), KERNEL (FUTEX_ROBUST_UNLOCK and the vDSO
 *   function: released and cleared in one step, as far as a kill can tell)
 * Mutants: CLEARFIRST (wakes after the clear), NOWAKE, NOEXITWAKE (sanity: what the exit code
 *   does is necessary)
 */
#define WAITERS	128

#ifdef KEEP
#define RELEASE(v)	atomic { v = word; word = v & WAITERS }
#else
#define RELEASE(v)	atomic { v = word; word = 0 }
#endif

#define TID_U	1
#define TID_W1	2
#define TID_W2	3
#define TID_V	4

byte word = TID_U + WAITERS;	/* two are waiting */
bool pend;			/* the unlocker's list_op_pending designates the lock */
bool pendv;			/* that of the other thread of P */

/* t->futex.state is EXITING, the clean-up is over */
bool exiting, exitingv;
bool dead, deadv;

/* FUTEX_WAIT queue: FIFO */
byte q[2];			/* index of a waiter + 1 */
byte nq;
bool woken[2];

bool returned;			/* the caller has */
bool latewake;			/* somebody of P has called FUTEX_WAKE thereafter */
byte qkill = 1;

inline futex_wake() {
	d_step {
		if
		:: nq > 0 -> woken[q[0] - 1] = 1; q[0] = q[1]; q[1] = 0; nq--
		:: else
		fi
	}
}

/* handle_futex_death() for a pending operation on a regular futex */
inline death(tid) {
	v = word;
	if
	:: (v & 127) == tid ->
		atomic {
			if
			:: word == v -> word = (v & WAITERS) | 64
			:: else -> assert(0)
			fi
		}
		if
		:: v & WAITERS -> futex_wake()
		:: else
		fi
	:: else ->
#ifndef NOEXITWAKE
		if
		:: (v & 63) == 0 || !(v & WAITERS) -> futex_wake()
		:: else
		fi
#else
		skip
#endif
	fi;
	v = 0
}

proctype unlocker()
{
	byte v;

	pend = 1;
	if :: goto killed :: skip fi;
#ifdef KERNEL
	atomic { RELEASE(v); pend = 0 }
#else
	RELEASE(v);
	if :: goto killed :: skip fi;
#endif
	if
	:: v & WAITERS ->
		futex_wake();
		latewake = latewake || returned
	:: else
	fi;
	if :: goto killed :: skip fi;
	pend = 0;
killed:
	v = 0;
	exiting = 1;				/* (A) */
	if					/* (B) (C) */
	:: pend -> death(TID_U)
	:: else
	fi;
	dead = 1
}

/* Lock and unlock once. It starts in the queue or about to queue. */
proctype waiter(byte i, tid)
{
	byte v;
	bool p = 1;		/* list_op_pending, nobody clears it: it is in Q */
	bool w;			/* has waited: takes the lock with WAITERS */

	do
	::	if
#ifdef QKILL
		:: qkill > 0 -> qkill--; goto killed
#endif
		:: skip
		fi;
		atomic {
			if
			:: (word & 63) == 0 ->
				word = (word & WAITERS) | (w -> WAITERS : 0) | tid;
				break
			:: else
			fi
		}
		atomic {
			v = word;
			if
			:: (v & 63) != 0 && !(v & WAITERS) -> word = v | WAITERS; v = v | WAITERS
			:: else
			fi
		}
		if
		:: (v & 63) != 0 && (v & WAITERS) ->
			/* FUTEX_WAIT */
			w = 1;
			atomic {
				if
				:: word == v -> q[nq] = i + 1; nq++; woken[i] = 0
				:: else -> woken[i] = 1
				fi
			}
			v = 0;
			atomic { woken[i] -> woken[i] = 0 }
		:: else
		fi;
		v = 0
	od;
	p = 0;
	/* has the lock, unlocks it */
	p = 1;
	RELEASE(v);
	if
	:: v & WAITERS -> futex_wake()
	:: else
	fi;
	p = 0;
killed:
	v = 0;
	if
	:: p -> death(tid)
	:: else
	fi
}

#ifdef OTHER
/* Another thread of P: trylock and unlock, before P declares that it does not use the lock */
bool vdone;
proctype other()
{
	byte v;
	bool got;

	pendv = 1;
	atomic { if :: (word & 63) == 0 -> word = word | TID_V; got = 1 :: else fi }
	if
	:: got ->
		pendv = 0;
		pendv = 1;
		atomic { RELEASE(v); vdone = 1 }
		if :: goto killed :: skip fi;
		if
		:: v & WAITERS -> futex_wake()
		:: else
		fi;
		if :: goto killed :: skip fi
	:: else -> vdone = 1
	fi;
	pendv = 0;
killed:
	v = 0; got = 0;
	exitingv = 1;				/* (A) */
	if					/* (B) (C) */
	:: pendv -> death(TID_V)
	:: else
	fi;
	deadv = 1
}
#endif

/* (2): compares and clears under pi_lock, if the thread is not exiting */
inline clear(p, e) {
	atomic {
		if
		:: p && !e -> p = 0
		:: else -> f = 0
		fi
	}
}

inline clean(p, e, d) {
	f = p;					/* (1) */
	if
	:: f ->
		if :: goto killed :: skip fi;
#if defined(CLEARFIRST)
		clear(p, e);
		if :: goto killed :: skip fi;
		if :: f -> futex_wake() :: else fi;
#else
#ifndef NOWAKE
		futex_wake();
		if :: goto killed :: skip fi;
#endif
		clear(p, e);
#endif
		if :: goto killed :: skip fi;
		if
		:: e -> d			/* (3) */
		:: else
		fi
	:: else
	fi;
	f = 0
}

proctype caller()
{
	bool f;

	/* The unlocker has released the word: else the caller breaks its promise. */
	(word & 63) != TID_U;
#ifdef OTHER
	vdone;
#endif
	clean(pend, exiting, dead);
	if :: goto killed :: skip fi;
#ifdef OTHER
	clean(pendv, exitingv, deadv);
#endif
	returned = 1;
killed:
	f = 0
}

init {
	atomic {
		run unlocker();
		run waiter(0, TID_W1);
		run waiter(1, TID_W2);
#ifdef OTHER
		run other();
#endif
		run caller();
#ifdef TWO
		run caller()
#endif
	}
#ifdef REUSE
end:	do
	:: assert(!latewake)
	od
#endif
}
