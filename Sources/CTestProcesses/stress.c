/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "ctp_stress.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include "crf_atomics.h"
#include "crf_syscalls.h"

enum { FUTEX_OFFSET = -32, STACK_BYTES = 32 * 1024 };

_Static_assert(offsetof(struct ctp_stress_lock, entry) == -FUTEX_OFFSET, "futex_offset");

struct worker {
	struct ctp_stress_arena *arena;
	struct ctp_stress_thread *thread;
};

static uint32_t random32(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return (uint32_t)(*state >> 16);
}

static void sleep_ns(long nanoseconds)
{
	struct timespec time = { .tv_nsec = nanoseconds };

	crf_syscall6(__NR_nanosleep, (uintptr_t)&time, 0, 0, 0, 0, 0);
}

/* Delays an unlock as a preemption would, but more often: by nothing, a few hundred instructions, or milliseconds. */
static void linger(uint32_t chance)
{
	if (chance % 32 == 0)
		sleep_ns((chance >> 8) % 4000000);
	else if (chance % 8 == 0)
		for (volatile uint32_t turn = (chance >> 8) % 1024; turn; turn--)
			;
}

/* Takes the lock, from nobody or from a thread that died with it. */
static void take(uint32_t *word, uint32_t tid)
{
	const struct timespec limit = { .tv_nsec = 100000000 };
	/* Whoever has slept cannot know whether others still do. */
	uint32_t waiters = 0;

	for (;;) {
		uint32_t seen = crf_load32(word);

		if (!(seen & FUTEX_TID_MASK)) {
			uint32_t wanted = tid | waiters | (seen & FUTEX_WAITERS);

			if (crf_compare_exchange32(word, seen, wanted) == seen)
				return;
			continue;
		}
		if (crf_compare_exchange32(word, seen, seen | FUTEX_WAITERS) == seen)
			crf_futex(word, FUTEX_WAIT, seen | FUTEX_WAITERS, &limit, NULL, 0);
		waiters = FUTEX_WAITERS;
	}
}

static void use_lock(struct crf_robust_list_head *head, struct worker *self, unsigned int number, uint32_t chance)
{
	struct ctp_stress_lock *lock = &self->arena->lock[number];
	struct ctp_stress_thread *thread = self->thread;

	/* The destroyer closes a lock first and looks for its users then: one of the two sees the other. */
	crf_exchange32(&thread->lock, number + 1);
	if (!crf_load32(&lock->closed)) {
		crf_store_pointer(&head->list_op_pending, (uintptr_t)lock->entry);
		take(&lock->word, thread->tid);
		crf_store_pointer(&lock->entry[0], (uintptr_t)head);
		crf_store_pointer(&head->next, (uintptr_t)lock->entry);
		crf_store_pointer(&head->list_op_pending, 0);

		crf_store32(&lock->last, thread->tid);
		/* From here on this thread only unlocks: whoever gets the lock next may destroy it. */
		crf_store32(&thread->lock, 0);

		crf_store_pointer(&head->list_op_pending, (uintptr_t)lock->entry);
		crf_store_pointer(&head->next, (uintptr_t)head);
		uint32_t before = crf_exchange32(&lock->word, 0);

		linger(chance);
		if (before & FUTEX_WAITERS)
			crf_futex(&lock->word, FUTEX_WAKE, 1, NULL, NULL, 0);
		crf_store_pointer(&head->list_op_pending, 0);
		thread->operations++;
	}
	crf_store32(&thread->lock, 0);
}

static _Noreturn void *use_locks(void *argument)
{
	struct worker self = *(struct worker *)argument;
	struct crf_robust_list_head head = { .next = (uintptr_t)&head, .futex_offset = FUTEX_OFFSET };
	uint64_t state = (uint64_t)crf_gettid() * 0x9e3779b97f4a7c15u | 1;

	crf_set_robust_list(&head);
	crf_store32(&self.thread->tid, (uint32_t)crf_gettid());
	for (;;) {
		uint32_t chance = random32(&state);

		use_lock(&head, &self, chance % self.arena->locks, random32(&state));
	}
}

static int leave(void *unused)
{
	(void)unused;
	crf_exit_thread(0);
}

static void *leave_thread(void *unused)
{
	return unused;
}

/* Tasks and address spaces that come and go while somebody counts and visits them. */
static void disturb(uint32_t chance)
{
	static char stack[STACK_BYTES] __attribute__((aligned(16)));
	pthread_t thread;
	int pid;

	switch (chance % 4) {
	case 0:
		pid = fork();
		if (!pid)
			_exit(0);
		break;
	case 1:
		pid = clone(leave, stack + STACK_BYTES, CLONE_VM | CLONE_VFORK | SIGCHLD, NULL);
		break;
	case 2:
		pid = clone(leave, stack + STACK_BYTES, CLONE_VM | SIGCHLD, NULL);
		break;
	default:
		if (!pthread_create(&thread, NULL, leave_thread, NULL))
			pthread_join(thread, NULL);
		return;
	}
	if (pid > 0)
		waitpid(pid, NULL, 0);
}

_Noreturn void ctp_stress_work(struct ctp_stress_arena *arena, unsigned int first, unsigned int count,
			       const char *path, char *const arguments[])
{
	static struct worker workers[CTP_STRESS_THREADS];
	uint64_t state = (uint64_t)getpid() * 0x9e3779b97f4a7c15u | 1;

	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	crf_munmap((uintptr_t)ctp_stress_yard(arena), CTP_STRESS_BYTES - CTP_STRESS_YARD);
	for (unsigned int i = 0; i < count; i++) {
		pthread_t thread;

		workers[i] = (struct worker){ .arena = arena, .thread = &arena->threads[first + i] };
		/* Threads that exec ended left these behind. */
		crf_store32(&workers[i].thread->tid, 0);
		crf_store32(&workers[i].thread->lock, 0);
		if (pthread_create(&thread, NULL, use_locks, &workers[i]))
			_exit(1);
	}
	for (;;) {
		uint32_t chance = random32(&state);

		disturb(chance);
		if ((chance >> 8) % 64 == 0)
			execv(path, arguments);
	}
}

/* For those who have to do with the yard only. */
static void enter_yard(struct ctp_stress_arena *arena)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	crf_munmap((uintptr_t)arena, CTP_STRESS_YARD);
}

static void *keep_busy(void *unused)
{
	static const uint32_t never;

	(void)unused;
	ctp_keep_mmap_lock_busy(&never);
	_exit(1);
}

_Noreturn void ctp_stress_bury(struct ctp_stress_arena *arena)
{
	struct ctp_stress_yard *yard = ctp_stress_yard(arena);
	uintptr_t value = (uintptr_t)yard->lock.entry;
	pthread_t writer;

	enter_yard(arena);
	if (!pthread_create(&writer, NULL, keep_busy, NULL)) {
		while (!ctp_bury(&value, &yard->burial))
			;
	}
	_exit(1);
}

static void *call(void *lock)
{
	while (!crf_cleanup_robust_list((uintptr_t)lock, sizeof(struct ctp_stress_lock), 0))
		;
	_exit(1);
}

_Noreturn void ctp_stress_call(struct ctp_stress_arena *arena)
{
	struct ctp_stress_lock *lock = &ctp_stress_yard(arena)->lock;
	pthread_t thread;

	enter_yard(arena);
	if (!pthread_create(&thread, NULL, call, lock))
		call(lock);
	_exit(1);
}
