/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "crb_callers.h"

#include <errno.h>
#include <limits.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>
#include "CRobustFutex.h"
#include "CTestProcesses.h"
#include "crb_peer.h"

enum { CACHE_LINE = 64 };

/* Written by one caller alone: they must not slow one another down by counting. */
struct caller {
	int64_t calls;  /* made; or -errno */
	uint32_t rests; /* in the round of this number */
	int32_t pid;
} __attribute__((aligned(CACHE_LINE)));

/* Shared with the callers, in memory that is not what they clean up. */
struct crb_callers {
	uint32_t round;  /* even: none; the callers wait for another number here */
	unsigned int count;
	struct caller callers[CRB_MOST_CALLERS];
};

static uint32_t round_of(const struct crb_callers *callers)
{
	return crf_load32(&callers->round);
}

static void set_round(struct crb_callers *callers, uint32_t round)
{
	crf_store32(&callers->round, round);
	crf_futex(&callers->round, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

/* Has the kernel go through all processes, as getpriority(2) for all processes of a user does. 0 or -errno. */
static long search_once(void)
{
	long result = crf_syscall6(__NR_getpriority, PRIO_USER, 0, 0, 0, 0, 0);

	return result < 0 ? result : 0;
}

static long call_until_end(const struct crb_callers *callers, struct caller *caller, uint32_t round, uintptr_t word)
{
	int64_t calls = caller->calls;
	long result = search_once();

	while (!result && round_of(callers) == round) {
		result = crf_cleanup_robust_list(word, sizeof(uint32_t), 0);
		__atomic_store_n(&caller->calls, ++calls, __ATOMIC_RELEASE);
	}
	return result;
}

static _Noreturn void run_caller(const struct crb_callers *callers, struct caller *caller, int parent, int file,
				 size_t length)
{
	long result = ctp_die_with_parent(parent);
	long address = crf_mmap(0, length, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	uint32_t round = 0;

	if (!result && address < 0)
		result = address;
	if (!result)
		/* As a process has it that used the lock. */
		*(volatile char *)address;
	while (!result) {
		crf_store32(&caller->rests, round + 1);
		while (round_of(callers) == round)
			crf_futex((uint32_t *)&callers->round, FUTEX_WAIT, round, NULL, NULL, 0);
		round = round_of(callers);
		if (round % 2)
			result = call_until_end(callers, caller, round, (uintptr_t)address);
	}
	__atomic_store_n(&caller->calls, result, __ATOMIC_RELEASE);
	_exit(1);
}

long crb_start_callers(struct crb_callers **result, unsigned int count, int file, size_t length)
{
	int parent = getpid();
	struct crb_callers *callers;
	long address;

	if (!count || count > CRB_MOST_CALLERS)
		return -EINVAL;
	address = crf_mmap(0, sizeof(*callers), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (address < 0)
		return address;
	callers = (struct crb_callers *)address;
	while (callers->count < count) {
		struct caller *caller = &callers->callers[callers->count];
		pid_t pid = fork();

		if (pid == 0)
			run_caller(callers, caller, parent, file, length);
		if (pid < 0) {
			long error = -errno;

			crb_end_callers(callers);
			return error;
		}
		caller->pid = pid;
		callers->count++;
	}
	*result = callers;
	return 0;
}

int32_t crb_caller_pid(const struct crb_callers *callers, unsigned int index)
{
	return callers->callers[index].pid;
}

void crb_begin_round(struct crb_callers *callers)
{
	set_round(callers, round_of(callers) | 1);
}

void crb_end_round(struct crb_callers *callers)
{
	set_round(callers, round_of(callers) + 1);
}

long crb_callers_rest(const struct crb_callers *callers)
{
	for (unsigned int i = 0; i < callers->count; i++) {
		const struct caller *caller = &callers->callers[i];
		int64_t calls = crb_calls_made(callers, i);

		if (calls < 0)
			return calls;
		if (crf_load32(&caller->rests) != round_of(callers) + 1)
			return 0;
		/* It says so before it sleeps. */
		long asleep = crb_is_asleep(caller->pid);

		if (asleep <= 0)
			return asleep;
	}
	return 1;
}

int64_t crb_calls_made(const struct crb_callers *callers, unsigned int index)
{
	return __atomic_load_n(&callers->callers[index].calls, __ATOMIC_ACQUIRE);
}

long crb_end_callers(struct crb_callers *callers)
{
	long result = 0;

	for (unsigned int i = 0; i < callers->count; i++) {
		long ended = crb_end_peer(callers->callers[i].pid);

		if (ended < 0)
			result = ended;
	}
	munmap(callers, sizeof(*callers));
	return result;
}
