/* SPDX-License-Identifier: MIT */
/*
 * A task that takes a lock, and sits in the race window of its unlock for as long as it is told.
 *
 * C, because such a task may be made by a bare clone(CLONE_VM): it has no thread-local storage of its
 * own, so neither the Swift runtime nor libc may run in it. Orders come through a slot of shared memory (the
 * board), which the runner maps too; both sides sleep with raw futex(2) calls.
 */
#ifndef CTP_TASK_H
#define CTP_TASK_H

#include <stdint.h>

enum ctp_task_kind {
	CTP_TASK_THREAD = 1,   /* pthread */
	CTP_TASK_VM_PROCESS,   /* clone(CLONE_VM): shares the address space, not the thread group */
	CTP_TASK_VFORK_CHILD,  /* clone(CLONE_VM | CLONE_VFORK): its parent thread is suspended meanwhile */
};

enum ctp_task_order {
	CTP_ORDER_LOCK = 1,    /* word, futex_offset, pi. result 0, or the word as found when not free */
	CTP_ORDER_RELEASE,     /* unlock up to inside the window. result: the word before */
	CTP_ORDER_FINISH,      /* leave the window: owed wake, list_op_pending = NULL. result: pending before */
	CTP_ORDER_SET_PENDING, /* list_op_pending, futex_offset: any values */
	CTP_ORDER_WAIT,        /* word, limit in ms. Sets FUTEX_WAITERS, waits. result of futex(2) */
	CTP_ORDER_CLEANUP,     /* address, length, flags. result of cleanup_robust_list(2) */
	CTP_ORDER_CHURN,       /* see struct ctp_churn. result 0 */
	CTP_ORDER_LOOP_LIST,   /* the list of held locks becomes a circle: exit walks it up to its limit */
	CTP_ORDER_SYSCALL,     /* number, six arguments, enum ctp_entry. result: what the kernel returned */
	CTP_ORDER_SPAWN,       /* enum ctp_spawn, count, word. result 0 when all are made, but for CTP_SPAWN_CHILD */
	CTP_ORDER_CALLS,       /* address, length, stop. CTP_ORDER_CLEANUP until *stop is not 0, or one fails; counts[0] */
	CTP_ORDER_KEEP_BUSY,   /* word. ctp_keep_mmap_lock_busy() until the word is not 0 */
	CTP_ORDER_EXIT,        /* exit of this task only, by a raw exit(2) */
};

/* Instructions by which a task enters the kernel. */
enum ctp_entry {
	CTP_ENTRY_NATIVE, /* the instruction of its own mode */
	CTP_ENTRY_INT80,  /* int $0x80: a system call of 32 bits, also from 64-bit code */
};

/* The kinds of tasks that CTP_ORDER_SPAWN makes. */
enum ctp_spawn {
	CTP_SPAWN_THREADS = 1, /* each exits at once, before the next one is made */
	CTP_SPAWN_PROCESSES,   /* by fork(2); each exits at once */
	CTP_SPAWN_WAITERS,     /* threads without a robust list that exit once the word is not 0 */
	CTP_SPAWN_CHILD,       /* one, by fork(2), that sleeps. result: its id. The word gets a pidfd in the midst of it */
	CTP_SPAWN_VM_CHILD,    /* one, by clone(CLONE_VM), that exits at once. The word gets its id before it can run */
	CTP_SPAWN_BURIED,      /* value, stop: ctp_bury() of the value until *stop is not 0, or a word has changed. Counts */
};

/* One slot of the board. The runner writes order and arguments, then request; the task the rest, then done. */
struct ctp_task {
	uint32_t request; /* number of the last order given; 1 is the start */
	uint32_t done;    /* number of the last order carried out */
	uint32_t order;
	int32_t tid;
	uint64_t head;    /* address of the robust list head, in the task's address space */
	uint64_t arguments[8];
	int64_t result;
	uint64_t counts[3];
	uint64_t reserved[1];
};

enum { CTP_BOARD_BYTES = 65536, CTP_BOARD_SLOTS = CTP_BOARD_BYTES / sizeof(struct ctp_task) };

_Static_assert(sizeof(struct ctp_task) == 128, "slots do not share a cache line");

/*
 * CTP_ORDER_CHURN: the task starts one operation after another, on a lock that is being cleaned up and
 * on one that is not, in turn, and counts what happened to each pointer while it was set.
 * arguments: lock entry being cleaned up, other lock entry, clears wanted, limit of rounds.
 */
enum ctp_churn_count {
	CTP_CHURN_CLEARED, /* pending on the cleaned lock was cleared: wanted */
	CTP_CHURN_LOST,    /* pending on the other lock was cleared: forbidden */
	CTP_CHURN_ROUNDS,
};

/* Never returns: leaves by exit(2) of the calling task. */
_Noreturn void ctp_task_run(struct ctp_task *task);

/* The counts of a task that carries out CTP_SPAWN_BURIED: struct ctp_burial. */
enum ctp_burial_count { CTP_BURIAL_REUSED, CTP_BURIAL_CHANGED };

/* Makes threads or processes, which have no slot of the board. The result of CTP_ORDER_SPAWN, or -errno. */
long ctp_task_spawn(enum ctp_spawn what, uint64_t count, uint32_t *word);

/* Start a task of the kind on its slot. 0 or -errno; the task reports itself by done = 1. */
long ctp_task_start(struct ctp_task *task, enum ctp_task_kind kind);

#endif
