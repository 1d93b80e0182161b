/* SPDX-License-Identifier: MIT */
/*
 * Memory models for Promela, one interface:
 *
 *   MEM=SC    sequential consistency
 *   MEM=TSO   one FIFO store buffer per CPU (x86); every locked instruction drains it
 *   MEM=PSO   store buffer which keeps the order per location only; a lock does not
 *                drain it, an unlock is ordered behind what is before it (ARM, POWER: stores late)
 *   MEM=VIEW  per location histories and per CPU views (release/acquire machine):
 *                loads may return old values, i.e. loads early
 *
 * The model defines before the include: NCPU, NLOC, optionally SBLEN (TSO, PSO: stores on their way)
 * and MAXW (VIEW: writes per location). Locations and CPUs are small integers, values bytes.
 *
 *   R(cpu, loc, var)              READ_ONCE()
 *   W(cpu, loc, val)              WRITE_ONCE()
 *   MB(cpu) RMB(cpu)              smp_mb(), smp_rmb()
 *   LOCK(cpu, loc) UNLOCK(cpu, loc)   spin or mutex: acquire, release
 *   RLOCK RUNLOCK WLOCK WUNLOCK DOWNGRADE(cpu, loc)   rwsem: acquire, release
 *   CAS(cpu, loc, old, new, ok)   fully ordered cmpxchg(), ok = 1 when it succeeded
 *   ADD(cpu, loc, n)              fully ordered atomic add
 *   ADDR(cpu, loc, n)             relaxed atomic add
 *   SETREL(cpu, loc, val)         atomic exchange with release semantics (user space unlock)
 *   CASACQ(cpu, loc, old, new, ok) atomic compare exchange, acquire (user space lock)
 *   LAST(loc)                     what is coherence-last; for assertions
 *   SETTLED(cpu, loc)             that CPU has no store to it on its way; for assertions
 *   INIT(loc, val)                in an atomic block before anything runs
 *   MEMSTART()                    start the store buffers
 */
#define SC	0
#define TSO	1
#define PSO	2
#define VIEW	3

#ifndef MEM
#error "MEM is one of these."
#endif

#define WRITER	255	/* holds a rwsem; else its value is the number of readers */

/* ------------------------------------------------------------------ SC */
#if MEM == SC

byte mem[NLOC];
#define INIT(l, v)		mem[l] = v
#define LAST(l)			mem[l]
#define SETTLED(t, l)		true
#define MEMSTART()		skip
inline R(t, l, d)		{ d = mem[l] }
inline W(t, l, v)		{ mem[l] = v }
inline MB(t)			{ skip }
inline RMB(t)			{ skip }
inline LOCK(t, l)		{ atomic { mem[l] == 0 -> mem[l] = 1 } }
inline UNLOCK(t, l)		{ mem[l] = 0 }
inline RLOCK(t, l)		{ atomic { mem[l] != WRITER -> mem[l] = mem[l] + 1 } }
inline RUNLOCK(t, l)		{ mem[l] = mem[l] - 1 }
inline WLOCK(t, l)		{ atomic { mem[l] == 0 -> mem[l] = WRITER } }
inline WUNLOCK(t, l)		{ mem[l] = 0 }
inline DOWNGRADE(t, l)		{ mem[l] = 1 }
inline CAS(t, l, o, n, ok)	{ atomic { if :: mem[l] == o -> mem[l] = n; ok = 1 :: else -> ok = 0 fi } }
inline CASACQ(t, l, o, n, ok)	{ CAS(t, l, o, n, ok) }
inline ADD(t, l, n)		{ mem[l] = mem[l] + n }
inline ADDR(t, l, n)		{ mem[l] = mem[l] + n }
inline SETREL(t, l, v)		{ mem[l] = v }

/* ------------------------------------------------- TSO, PSO: store buffers */
#elif MEM == TSO || MEM == PSO

#ifndef SBLEN
#define SBLEN 4
#endif
#define NOLOC 255

byte mem[NLOC];
byte bl[NCPU * SBLEN];		/* location */
byte bv[NCPU * SBLEN];		/* value */
bool bb[NCPU * SBLEN];		/* ordered behind all older ones */
byte bn[NCPU];
hidden byte k_;

#define INIT(l, v)		mem[l] = v
#define LAST(l)			mem[l]
#define SETTLED(t, l)		CLEAN_(t, l)

inline PUSH_(t, l, v, b) {
	atomic {
		bn[t] < SBLEN ->
		bl[t * SBLEN + bn[t]] = l;
		bv[t * SBLEN + bn[t]] = v;
		bb[t * SBLEN + bn[t]] = b;
		bn[t]++
	}
}

inline R(t, l, d) {
	d_step {
		d = mem[l];
		k_ = 0;
		do
		:: k_ < bn[t] ->
			if
			:: bl[t * SBLEN + k_] == l -> d = bv[t * SBLEN + k_]
			:: else
			fi;
			k_++
		:: else -> break
		od;
		k_ = 0
	}
}
inline W(t, l, v)		{ PUSH_(t, l, v, 0) }
inline MB(t)			{ bn[t] == 0 }
inline RMB(t)			{ skip }

/* True if CPU t has no store to l on its way, which an atomic operation has to come after */
#define CLEAN_(t, l)	!((bn[t] > 0 && bl[t * SBLEN] == l) || (bn[t] > 1 && bl[t * SBLEN + 1] == l) || \
			  (bn[t] > 2 && bl[t * SBLEN + 2] == l) || (bn[t] > 3 && bl[t * SBLEN + 3] == l))

#if MEM == TSO
#define DRAINED_(t, l)	(bn[t] == 0)
#define UNLOCKED_(t)	(bn[t] == 0)
#else
#define DRAINED_(t, l)	CLEAN_(t, l)
/* An unlock and a lock order writes, whatever the variables (po-unlock-lock-po in the kernel's model) */
#define UNLOCKED_(t)	!(bb[t * SBLEN] || bb[t * SBLEN + 1] || bb[t * SBLEN + 2] || bb[t * SBLEN + 3])
#endif
inline LOCK(t, l)		{ atomic { UNLOCKED_(t) && DRAINED_(t, l) && mem[l] == 0 -> mem[l] = 1 } }
inline UNLOCK(t, l)		{ PUSH_(t, l, 0, 1) }
/* A release is an atomic operation on the counter: done when all that is older is. */
inline RLOCK(t, l)		{ atomic { UNLOCKED_(t) && DRAINED_(t, l) && mem[l] != WRITER -> mem[l] = mem[l] + 1 } }
inline RUNLOCK(t, l)		{ atomic { bn[t] == 0 -> mem[l] = mem[l] - 1 } }
inline WLOCK(t, l)		{ atomic { UNLOCKED_(t) && DRAINED_(t, l) && mem[l] == 0 -> mem[l] = WRITER } }
inline WUNLOCK(t, l)		{ atomic { bn[t] == 0 -> mem[l] = 0 } }
inline DOWNGRADE(t, l)		{ atomic { bn[t] == 0 -> mem[l] = 1 } }
#if MEM == TSO
inline CAS(t, l, o, n, ok) {
	atomic { bn[t] == 0 -> if :: mem[l] == o -> mem[l] = n; ok = 1 :: else -> ok = 0 fi }
}
#else
/* No ordering when it fails. */
inline CAS(t, l, o, n, ok) {
	atomic { if :: bn[t] == 0 && mem[l] == o -> mem[l] = n; ok = 1 :: CLEAN_(t, l) && mem[l] != o -> ok = 0 fi }
}
#endif
inline CASACQ(t, l, o, n, ok) {
	atomic { DRAINED_(t, l) -> if :: mem[l] == o -> mem[l] = n; ok = 1 :: else -> ok = 0 fi }
}
inline ADD(t, l, n)		{ atomic { bn[t] == 0 -> mem[l] = mem[l] + n } }
inline ADDR(t, l, n)		{ atomic { DRAINED_(t, l) -> mem[l] = mem[l] + n } }
/* The old value does not matter, so it is a store with release semantics in the weak model. */
#if MEM == TSO
inline SETREL(t, l, v)		{ atomic { bn[t] == 0 -> mem[l] = v } }
#else
inline SETREL(t, l, v)		{ PUSH_(t, l, v, 1) }
#endif

#if MEM == TSO
#define MAY_(i)		(i == 0)
#else
#define OLDER_(t, i, j)	((j) < (i) && bl[t * SBLEN + (j)] == bl[t * SBLEN + (i)])
#define MAY_(i)		((i) == 0 || (!bb[t * SBLEN + (i)] && !OLDER_(t, i, 0) && !OLDER_(t, i, 1) && !OLDER_(t, i, 2)))
#endif

/*
 * A store which is ordered behind older ones blocks nothing younger but those to the
 * same location: release, not a full barrier.
 */
proctype buffer(byte t)
{
	byte i;
end:
	do
	:: atomic {
		bn[t] > 0 ->
		if
		:: i = 0
		:: bn[t] > 1 && MAY_(1) -> i = 1
		:: bn[t] > 2 && MAY_(2) -> i = 2
		:: bn[t] > 3 && MAY_(3) -> i = 3
		fi;
		mem[bl[t * SBLEN + i]] = bv[t * SBLEN + i];
		bn[t]--;
		do
		:: i < bn[t] ->
			bl[t * SBLEN + i] = bl[t * SBLEN + i + 1];
			bv[t * SBLEN + i] = bv[t * SBLEN + i + 1];
			bb[t * SBLEN + i] = bb[t * SBLEN + i + 1];
			i++
		:: else -> break
		od;
		bl[t * SBLEN + i] = 0;
		bv[t * SBLEN + i] = 0;
		bb[t * SBLEN + i] = 0;
		i = 0
	   }
	od
}

inline MEMSTART() {
	k_ = 0;
	do
	:: k_ < NCPU -> run buffer(k_); k_++
	:: else -> break
	od;
	k_ = 0
}

/* ----------------------------------------------------- VIEW: release/acquire */
#else

#ifndef MAXW
#define MAXW 6
#endif

byte val[NLOC * MAXW];
byte nw[NLOC];			/* number of writes but one: index of the last */
byte mv[NLOC * MAXW * NLOC];	/* the view which a write carries */
byte tv[NCPU * NLOC];		/* what a CPU must not read older than */
byte av[NCPU * NLOC];		/* what it would be if all its loads were acquire */
byte gv[NLOC];			/* of the full barriers */
byte uv[NCPU * NLOC];		/* what a CPU had seen at its last unlock */
byte rv[NCPU * NLOC];		/* what its plain writes carry: an unlock and a lock of whatever
				   variables order writes (po-unlock-lock-po in the kernel's model) */
hidden byte k_;
hidden byte i_;

#define INIT(l, v)		val[(l) * MAXW] = v
#define LAST(l)			val[(l) * MAXW + nw[l]]
#define SETTLED(t, l)		true
#define MEMSTART()		skip
#define MAX_(a, b)		((a) > (b) -> (a) : (b))

/* Choose a write which is not too old. */
inline PICK_(t, l) {
	i_ = tv[(t) * NLOC + (l)];
	do
	:: i_ < nw[l] -> i_++
	:: break
	od
}
inline SEEN_(t, l) {
	tv[(t) * NLOC + (l)] = i_;
	k_ = 0;
	do
	:: k_ < NLOC ->
		av[(t) * NLOC + k_] = MAX_(av[(t) * NLOC + k_], mv[((l) * MAXW + i_) * NLOC + k_]);
		k_++
	:: else -> break
	od;
	av[(t) * NLOC + (l)] = MAX_(av[(t) * NLOC + (l)], i_)
}
inline ACQ_(t) {
	k_ = 0;
	do
	:: k_ < NLOC -> tv[(t) * NLOC + k_] = MAX_(tv[(t) * NLOC + k_], av[(t) * NLOC + k_]); k_++
	:: else -> break
	od;
	k_ = 0
}
/* rel: the write carries all the CPU has seen; an atomic operation passes on what it read, too. */
inline ADD_(t, l, v, rel, rmw) {
	assert(nw[l] < MAXW - 1);
	nw[l]++;
	val[(l) * MAXW + nw[l]] = v;
	tv[(t) * NLOC + (l)] = nw[l];
	av[(t) * NLOC + (l)] = nw[l];
	k_ = 0;
	do
	:: k_ < NLOC ->
		if
		:: rel -> mv[((l) * MAXW + nw[l]) * NLOC + k_] = tv[(t) * NLOC + k_]
		:: else -> mv[((l) * MAXW + nw[l]) * NLOC + k_] = rv[(t) * NLOC + k_]
		fi;
		if
		:: rmw -> mv[((l) * MAXW + nw[l]) * NLOC + k_] =
				MAX_(mv[((l) * MAXW + nw[l]) * NLOC + k_], mv[((l) * MAXW + nw[l] - 1) * NLOC + k_])
		:: else
		fi;
		k_++
	:: else -> break
	od;
	mv[((l) * MAXW + nw[l]) * NLOC + (l)] = nw[l];
	k_ = 0
}
inline MB_(t) {
	ACQ_(t);
	k_ = 0;
	do
	:: k_ < NLOC ->
		gv[k_] = MAX_(gv[k_], tv[(t) * NLOC + k_]);
		tv[(t) * NLOC + k_] = gv[k_];
		av[(t) * NLOC + k_] = MAX_(av[(t) * NLOC + k_], gv[k_]);
		rv[(t) * NLOC + k_] = gv[k_];
		k_++
	:: else -> break
	od;
	k_ = 0
}

inline R(t, l, d) {
	atomic { PICK_(t, l); SEEN_(t, l); d = val[(l) * MAXW + i_]; i_ = 0; k_ = 0 }
}
inline W(t, l, v)		{ d_step { ADD_(t, l, v, 0, 0) } }
inline MB(t)			{ d_step { MB_(t) } }
inline RMB(t)			{ d_step { ACQ_(t) } }
/* Only the last write to a lock can be read, so it has no history. */
inline LOCKED_(t, l) {
	k_ = 0;
	do
	:: k_ < NLOC ->
		tv[(t) * NLOC + k_] = MAX_(tv[(t) * NLOC + k_], mv[(l) * MAXW * NLOC + k_]);
		av[(t) * NLOC + k_] = MAX_(av[(t) * NLOC + k_], mv[(l) * MAXW * NLOC + k_]);
		rv[(t) * NLOC + k_] = uv[(t) * NLOC + k_];
		k_++
	:: else -> break
	od;
	k_ = 0
}
inline UNLOCKING_(t, l) {
	k_ = 0;
	do
	:: k_ < NLOC ->
		uv[(t) * NLOC + k_] = tv[(t) * NLOC + k_];
		mv[(l) * MAXW * NLOC + k_] = MAX_(tv[(t) * NLOC + k_], mv[(l) * MAXW * NLOC + k_]);
		k_++
	:: else -> break
	od;
	k_ = 0
}
inline LOCK(t, l)		{ atomic { val[(l) * MAXW] == 0 -> val[(l) * MAXW] = 1; LOCKED_(t, l) } }
inline UNLOCK(t, l)		{ d_step { UNLOCKING_(t, l); val[(l) * MAXW] = 0 } }
inline RLOCK(t, l)		{ atomic { val[(l) * MAXW] != WRITER -> val[(l) * MAXW] = val[(l) * MAXW] + 1; LOCKED_(t, l) } }
inline RUNLOCK(t, l)		{ d_step { UNLOCKING_(t, l); val[(l) * MAXW] = val[(l) * MAXW] - 1 } }
inline WLOCK(t, l)		{ atomic { val[(l) * MAXW] == 0 -> val[(l) * MAXW] = WRITER; LOCKED_(t, l) } }
inline WUNLOCK(t, l)		{ d_step { UNLOCKING_(t, l); val[(l) * MAXW] = 0 } }
inline DOWNGRADE(t, l)		{ d_step { UNLOCKING_(t, l); val[(l) * MAXW] = 1 } }
inline CAS(t, l, o, n, ok) {
	d_step {
		if
		:: LAST(l) == o -> MB_(t); i_ = nw[l]; SEEN_(t, l); ACQ_(t); ADD_(t, l, n, 1, 1); MB_(t); ok = 1
		:: else -> i_ = nw[l]; SEEN_(t, l); ok = 0	/* a load without ordering when it fails */
		fi;
		i_ = 0
	}
}
inline CASACQ(t, l, o, n, ok) {
	d_step {
		if
		:: LAST(l) == o -> i_ = nw[l]; SEEN_(t, l); ACQ_(t); ADD_(t, l, n, 0, 1); ok = 1
		:: else -> i_ = nw[l]; SEEN_(t, l); ok = 0
		fi;
		i_ = 0
	}
}
inline ADD(t, l, n) {
	d_step { MB_(t); i_ = nw[l]; SEEN_(t, l); ACQ_(t); ADD_(t, l, val[(l) * MAXW + i_] + (n), 1, 1); MB_(t); i_ = 0 }
}
inline ADDR(t, l, n) {
	d_step { i_ = nw[l]; SEEN_(t, l); ADD_(t, l, val[(l) * MAXW + i_] + (n), 0, 1); i_ = 0 }
}
inline SETREL(t, l, v)		{ d_step { ADD_(t, l, v, 1, 1) } }

#endif
