/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "race.h"

#include <errno.h>
#include <linux/futex.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#ifndef __NR_cleanup_robust_list
#define __NR_cleanup_robust_list 473
#endif

/* Below 4 GiB, different in the two processes, and where no loader puts anything. */
enum { UNLOCKER_PAGE = 0x20000000, DESTROYER_PAGE = 0x30000000 };

enum outcome { HELD, CORRUPTED, INTACT };

static const char *const outcome_names[] = { "held", "corrupted", "intact" };
static const char *const technique_names[] = { "single-step", "syscall-stop" };

struct scenario {
	const char *program;
	bool contended;
	bool cleans; /* the destroyer makes the call */
	enum technique technique;
};

struct counts {
	unsigned int boundaries;
	unsigned int in_window;
	unsigned int outcomes[3];
	unsigned int wrong;
};

/* One unlock, in processes of its own. */
struct trial {
	const struct scenario *scenario;
	int memory;
	unsigned char *page;
	size_t word_offset;
	uint32_t tid;
	struct victim unlocker;
	struct victim destroyer;
};

void broken(const char *format, ...)
{
	va_list arguments;

	fflush(stdout);
	fprintf(stderr, "race: ");
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fprintf(stderr, "\n");
	exit(2);
}

static uint32_t load_word(const struct trial *trial)
{
	return __atomic_load_n((uint32_t *)(trial->page + LOCK_OFFSET + trial->word_offset), __ATOMIC_SEQ_CST);
}

static bool is_released(const struct trial *trial)
{
	return (load_word(trial) & FUTEX_TID_MASK) != trial->tid;
}

/* Each C library has the futex word at its own place: it is where the owner's TID is. */
static void find_word(struct trial *trial)
{
	for (size_t offset = 0; offset + 4 <= trial->unlocker.lock_bytes; offset += 4) {
		trial->word_offset = offset;
		if ((load_word(trial) & FUTEX_TID_MASK) == trial->tid)
			return;
	}
	broken("no word of the lock has the TID of its owner");
}

static void wait_for_waiter(struct trial *trial)
{
	time_t start = time(NULL);

	send_order(&trial->destroyer, CRV_LOCK, (uint64_t[4]){ trial->destroyer.lock });
	while (!(load_word(trial) & FUTEX_WAITERS) || state_of(&trial->destroyer) != 'S') {
		if (time(NULL) - start > LIMIT_SECONDS)
			broken("the destroyer did not go to sleep in its lock within %d s", LIMIT_SECONDS);
	}
}

/* Starts both processes, has the one lock, and stops it where it would read its order to unlock, which it has. */
static void begin(struct trial *trial, const struct scenario *scenario)
{
	*trial = (struct trial){ .scenario = scenario };
	trial->memory = memfd_create("robust-lock", MFD_CLOEXEC);
	if (trial->memory < 0 || ftruncate(trial->memory, MEMORY_BYTES))
		broken("memfd_create: %s", strerror(errno));
	trial->page = mmap(NULL, MEMORY_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, trial->memory, 0);
	if (trial->page == MAP_FAILED)
		broken("mmap: %s", strerror(errno));
	start_victim(&trial->destroyer, "the destroyer", scenario->program, trial->memory, DESTROYER_PAGE);
	start_victim(&trial->unlocker, "the unlocker", scenario->program, trial->memory, UNLOCKER_PAGE);
	trial->tid = (uint32_t)trial->unlocker.pid;
	order_returning(&trial->destroyer, 0, "pthread_mutex_init", CRV_INIT, trial->destroyer.lock, 0, 0, 0);
	order_returning(&trial->unlocker, 0, "pthread_mutex_lock", CRV_LOCK, trial->unlocker.lock, 0, 0, 0);
	find_word(trial);
	find_head(&trial->unlocker);
	if (scenario->contended)
		wait_for_waiter(trial);
	stop_victim(&trial->unlocker);
	send_order(&trial->unlocker, CRV_UNLOCK, (uint64_t[4]){ trial->unlocker.lock });
}

static void end(struct trial *trial)
{
	end_victim(&trial->unlocker);
	end_victim(&trial->destroyer);
	munmap(trial->page, MEMORY_BYTES);
	close(trial->memory);
}

static void expect_lock(struct trial *trial, int64_t expected)
{
	struct victim *destroyer = &trial->destroyer;
	struct crv_answer answer;
	int64_t value;

	if (trial->scenario->contended) {
		/* The wake may be what is being held back: a signal makes the waiter look at the word again. */
		kill(destroyer->pid, SIGUSR1);
		value = receive_answer(destroyer, &answer, "pthread_mutex_lock, begun before the unlock");
	} else {
		value = order(destroyer, CRV_LOCK, destroyer->lock, 0, 0, 0);
	}
	if (value != expected)
		broken("pthread_mutex_lock of the destroyer: expected %lld, observed %lld", (long long)expected,
		       (long long)value);
}

/* The lock is the unlocker's until it dies, and then its next owner's, who is told. */
static enum outcome strike_held(struct trial *trial)
{
	struct victim *destroyer = &trial->destroyer;

	if (trial->scenario->contended) {
		if (has_answer(destroyer))
			broken("the destroyer got a lock that is held");
	} else {
		order_returning(destroyer, EBUSY, "pthread_mutex_trylock", CRV_TRYLOCK, destroyer->lock, 0, 0, 0);
	}
	end_victim(&trial->unlocker);
	expect_lock(trial, EOWNERDEAD);
	order_returning(destroyer, 0, "pthread_mutex_consistent", CRV_CONSISTENT, destroyer->lock, 0, 0, 0);
	order_returning(destroyer, 0, "pthread_mutex_unlock", CRV_UNLOCK, destroyer->lock, 0, 0, 0);
	order_returning(destroyer, 0, "pthread_mutex_destroy", CRV_DESTROY, destroyer->lock, 0, 0, 0);
	return HELD;
}

static enum outcome strike_released(struct trial *trial)
{
	struct victim *destroyer = &trial->destroyer;
	const unsigned char *lock = trial->page + LOCK_OFFSET;
	uint64_t word = destroyer->lock + trial->word_offset;
	unsigned char expected[256];

	expect_lock(trial, 0);
	order_returning(destroyer, 0, "pthread_mutex_unlock", CRV_UNLOCK, destroyer->lock, 0, 0, 0);
	order_returning(destroyer, 0, "pthread_mutex_destroy", CRV_DESTROY, destroyer->lock, 0, 0, 0);
	if (trial->scenario->cleans)
		order_returning(destroyer, 0, "cleanup_robust_list", CRV_CLEANUP, destroyer->lock,
				destroyer->lock_bytes, 0, 0);
	order_returning(destroyer, 0, "reusing the memory", CRV_REUSE, destroyer->lock, destroyer->lock_bytes, word,
			trial->tid);
	if (destroyer->lock_bytes > sizeof(expected))
		broken("a lock of %u bytes", destroyer->lock_bytes);
	memset(expected, CRV_REUSE_BYTE, destroyer->lock_bytes);
	memcpy(expected + trial->word_offset, &trial->tid, sizeof(trial->tid));
	end_victim(&trial->unlocker);
	return memcmp(lock, expected, destroyer->lock_bytes) ? CORRUPTED : INTACT;
}

/* What has to become of a lock whose unlocker dies at a boundary follows from the state there alone. */
static enum outcome required(bool released, bool pending, const struct scenario *scenario)
{
	if (!released)
		return HELD;
	return pending && !scenario->cleans ? CORRUPTED : INTACT;
}

static void try_boundary(struct trial *trial, unsigned int number, struct counts *counts)
{
	bool released = is_released(trial);
	bool pending = has_pending_operation(&trial->unlocker);
	enum outcome expected = required(released, pending, trial->scenario);
	enum outcome outcome = released ? strike_released(trial) : strike_held(trial);

	counts->boundaries++;
	counts->in_window += released && pending;
	counts->outcomes[outcome]++;
	if (outcome != expected) {
		counts->wrong++;
		printf("boundary %u: %s, expected %s: the word is %sreleased, list_op_pending is %sset\n", number,
		       outcome_names[outcome], outcome_names[expected], released ? "" : "not ", pending ? "" : "not ");
	}
}

/*
 * Holds one unlock after the other, each one boundary further, until one returns before it would be held. Returns false where
 * the kernel has no such technique.
 */
static bool run(const struct scenario *scenario, struct counts *counts)
{
	for (unsigned int number = 0;; number++) {
		struct trial trial;
		bool returned;

		begin(&trial, scenario);
		if (!number && !has_technique(&trial.unlocker, scenario->technique)) {
			end(&trial);
			return false;
		}
		/* The question whether the kernel single-steps is a step. */
		unsigned int steps = !number && scenario->technique == SINGLE_STEP;

		for (; steps <= number && !has_answer(&trial.unlocker); steps++)
			advance(&trial.unlocker, scenario->technique);
		returned = has_answer(&trial.unlocker);
		if (!returned)
			try_boundary(&trial, number, counts);
		end(&trial);
		if (returned)
			return true;
	}
}

static bool has_call(void)
{
	/* No flag is all of these: where the number is another call's, the arguments make it fail. */
	long result = syscall(__NR_cleanup_robust_list, NULL, 1UL, ~0U, -1L, -1L, -1L);

	printf("call %d: %s\n", __NR_cleanup_robust_list, result < 0 ? strerror(errno) : "succeeds with unknown flags");
	return result < 0 && errno == EINVAL;
}

static unsigned int run_all(const char *program, bool call)
{
	unsigned int wrong = 0;

	for (int cleans = 0; cleans < 2; cleans++) {
		for (int contended = 0; contended < 2; contended++) {
			for (int technique = 0; technique < TECHNIQUES; technique++) {
				struct scenario scenario = { program, contended, cleans, technique };
				struct counts counts = { 0 };
				struct victim greeting;
				int memory = memfd_create("greeting", MFD_CLOEXEC);

				/* Nothing happens in the kernel between the boundaries of an unlock that wakes nobody. */
				if (technique == SYSCALL_STOP && !contended) {
					close(memory);
					continue;
				}
				if (ftruncate(memory, MEMORY_BYTES))
					broken("ftruncate: %s", strerror(errno));
				start_victim(&greeting, "a victim", program, memory, UNLOCKER_PAGE);
				printf("race %s, %s, %s, %s: ", greeting.library, contended ? "contended" : "plain",
				       cleans ? "with the call" : "legacy", technique_names[technique]);
				end_victim(&greeting);
				close(memory);
				if (cleans && !call) {
					printf("cannot run: no such call\n");
					continue;
				}
				fflush(stdout);
				if (!run(&scenario, &counts)) {
					printf("cannot run: the kernel does not single-step here\n");
					continue;
				}
				printf("%u boundaries, %u in the window, %u corrupted, %u intact, %u held, %u wrong\n",
				       counts.boundaries, counts.in_window, counts.outcomes[CORRUPTED],
				       counts.outcomes[INTACT], counts.outcomes[HELD], counts.wrong);
				fflush(stdout);
				wrong += counts.wrong;
			}
		}
	}
	return wrong;
}

int main(int count, char **arguments)
{
	unsigned int wrong = 0;

	if (count < 2) {
		fprintf(stderr, "Usage: race VICTIM…\n"
				"Holds each victim's unlock at every boundary and kills it there.\n"
				"Exit status: 0 as required at each, 1 not, 2 nothing can be said, 64 bad usage\n");
		return 64;
	}
	bool call = has_call();

	for (int i = 1; i < count; i++)
		wrong += run_all(arguments[i], call);
	return wrong ? 1 : 0;
}
