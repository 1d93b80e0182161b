/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "ctp_task.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include "crf_atomics.h"
#include "ctp_bury.h"
#include "crf_syscalls.h"

/* One lock that the task holds or is letting go. */
struct operation {
	uint32_t *word;
	uintptr_t entry;
	uintptr_t pending; /* the entry with its modifier bits */
	bool wake_owed;
};

static uintptr_t *entry_next(uintptr_t entry)
{
	return (uintptr_t *)entry;
}

static long lock(struct crf_robust_list_head *head, struct operation *operation, const struct ctp_task *task)
{
	uint32_t *word = (uint32_t *)task->arguments[0];

	*operation = (struct operation){ .word = word };
	head->futex_offset = (intptr_t)task->arguments[1];
	operation->entry = (uintptr_t)word - (uintptr_t)head->futex_offset;
	operation->pending = operation->entry | (task->arguments[2] ? CRF_ROBUST_MOD_PI : 0);

	crf_store_pointer(&head->list_op_pending, operation->pending);
	uint32_t found = crf_compare_exchange32(word, 0, (uint32_t)task->tid);
	if (!found) {
		crf_store_pointer(entry_next(operation->entry), (uintptr_t)head);
		crf_store_pointer(&head->next, operation->entry);
	}
	crf_store_pointer(&head->list_op_pending, 0);
	return found;
}

/* Steps 1 to 3 of an unlock; list_op_pending stays set: that is the race window. */
static long release(struct crf_robust_list_head *head, struct operation *operation)
{
	crf_store_pointer(&head->list_op_pending, operation->pending);
	crf_store_pointer(&head->next, (uintptr_t)head);
	uint32_t before = crf_exchange32(operation->word, 0);
	operation->wake_owed = before & FUTEX_WAITERS;
	return before;
}

static long finish(struct crf_robust_list_head *head, struct operation *operation)
{
	uintptr_t pending = crf_load_pointer(&head->list_op_pending);

	if (operation->wake_owed)
		crf_futex(operation->word, FUTEX_WAKE, 1, NULL, NULL, 0);
	operation->wake_owed = false;
	crf_store_pointer(&head->list_op_pending, 0);
	return (long)pending;
}

static long wait_for_lock(const struct ctp_task *task)
{
	uint32_t *word = (uint32_t *)task->arguments[0];
	struct timespec limit = { .tv_sec = (time_t)(task->arguments[1] / 1000),
				  .tv_nsec = (long)(task->arguments[1] % 1000) * 1000000 };

	return crf_futex(word, FUTEX_WAIT, crf_or32(word, FUTEX_WAITERS), &limit, NULL, 0);
}

/* The number of looks at a set pointer before the next operation: time for the cleanup to come between. */
enum { CHURN_LOOKS = 64 };

static uintptr_t pending_after_a_while(struct crf_robust_list_head *head, uintptr_t entry)
{
	uintptr_t seen = entry;

	/* A plain store, as in an unlock of libc: it must be enough against the kernel's compare-and-exchange. */
	*(volatile uintptr_t *)&head->list_op_pending = entry;
	for (int look = 0; look < CHURN_LOOKS && seen == entry; look++)
		seen = *(volatile uintptr_t *)&head->list_op_pending;
	return seen;
}

static void churn(struct crf_robust_list_head *head, struct ctp_task *task)
{
	uint64_t cleared = 0, lost = 0, rounds = 0;

	while (rounds < task->arguments[3] && cleared < task->arguments[2] && !lost) {
		cleared += pending_after_a_while(head, task->arguments[0]) == 0;
		lost += pending_after_a_while(head, task->arguments[1]) != task->arguments[1];
		rounds++;
	}
	crf_store_pointer(&head->list_op_pending, 0);
	task->counts[CTP_CHURN_CLEARED] = cleared;
	task->counts[CTP_CHURN_LOST] = lost;
	task->counts[CTP_CHURN_ROUNDS] = rounds;
}

static long enter_kernel(const struct ctp_task *task)
{
	const uint64_t *a = task->arguments;

	if (a[7] == CTP_ENTRY_INT80)
		return crf_int80((long)a[0], a[1], a[2], a[3], a[4], a[5]);
	return crf_syscall6((long)a[0], a[1], a[2], a[3], a[4], a[5], a[6]);
}

static long call_until_stopped(struct ctp_task *task)
{
	const uint32_t *stop = (const uint32_t *)task->arguments[2];
	long result = 0;

	for (task->counts[0] = 0; !result && !crf_load32(stop); task->counts[0]++)
		result = crf_cleanup_robust_list(task->arguments[0], task->arguments[1], 0);
	return result;
}

static long bury(struct ctp_task *task)
{
	uintptr_t value = task->arguments[1];
	const uint32_t *stop = (const uint32_t *)task->arguments[2];
	struct ctp_burial burial = { 0 };
	long error = 0;

	while (!error && !burial.changed && !crf_load32(stop))
		error = ctp_bury(&value, &burial);
	task->counts[CTP_BURIAL_REUSED] = burial.reused;
	task->counts[CTP_BURIAL_CHANGED] = burial.changed;
	return error;
}

/* A lock entry that follows itself. Its futex word lies in the zeroes around it: owned by nobody. */
struct circle {
	uintptr_t before[8];
	uintptr_t entry;
	uintptr_t after[8];
};

static long carry_out(struct ctp_task *task, struct crf_robust_list_head *head, struct operation *operation,
		      struct circle *circle)
{
	switch (task->order) {
	case CTP_ORDER_LOCK:
		return lock(head, operation, task);
	case CTP_ORDER_RELEASE:
		return operation->word ? release(head, operation) : -EINVAL;
	case CTP_ORDER_FINISH:
		return finish(head, operation);
	case CTP_ORDER_SET_PENDING:
		head->futex_offset = (intptr_t)task->arguments[1];
		crf_store_pointer(&head->list_op_pending, task->arguments[0]);
		return 0;
	case CTP_ORDER_WAIT:
		return wait_for_lock(task);
	case CTP_ORDER_CLEANUP:
		return crf_cleanup_robust_list(task->arguments[0], task->arguments[1],
					       (unsigned int)task->arguments[2]);
	case CTP_ORDER_CHURN:
		churn(head, task);
		return 0;
	case CTP_ORDER_SYSCALL:
		return enter_kernel(task);
	case CTP_ORDER_CALLS:
		return call_until_stopped(task);
	case CTP_ORDER_KEEP_BUSY:
		return ctp_keep_mmap_lock_busy((const uint32_t *)task->arguments[0]);
	case CTP_ORDER_SPAWN:
		if (task->arguments[0] == CTP_SPAWN_BURIED)
			return bury(task);
		return ctp_task_spawn((enum ctp_spawn)task->arguments[0], task->arguments[1],
				      (uint32_t *)task->arguments[2]);
	case CTP_ORDER_LOOP_LIST:
		circle->entry = (uintptr_t)&circle->entry;
		crf_store_pointer(&head->next, circle->entry);
		return 0;
	case CTP_ORDER_EXIT:
		return 0;
	}
	return -EINVAL;
}

static void publish(uint32_t *word, uint32_t value)
{
	crf_store32(word, value);
	crf_futex(word, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

_Noreturn void ctp_task_run(struct ctp_task *task)
{
	struct crf_robust_list_head head = { .next = (uintptr_t)&head };
	struct operation operation = { 0 };
	struct circle circle = { 0 };

	task->result = crf_set_robust_list(&head);
	task->tid = (int32_t)crf_gettid();
	task->head = (uintptr_t)&head;
	publish(&task->done, 1);

	for (uint32_t number = 2;; number++) {
		uint32_t given;

		while ((given = crf_load32(&task->request)) != number)
			crf_futex(&task->request, FUTEX_WAIT, given, NULL, NULL, 0);
		/* Once done is published the runner may already be writing the next order. */
		uint32_t order = task->order;

		task->result = carry_out(task, &head, &operation, &circle);
		publish(&task->done, number);
		if (order == CTP_ORDER_EXIT)
			crf_exit_thread(0);
	}
}
