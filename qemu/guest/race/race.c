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

/*
 * Below 4 GiB, for 32-bit programs; different in the two processes; and where no loader puts anything, nor a kernel the heap:
 * up to a GiB behind a program that is not relocated, where it is 64-bit.
 */
enum { UNLOCKER_PAGE = 0x60000000, DESTROYER_PAGE = 0x70000000 };

/* The victims' directory, beside this program. */
static const char victim_directory[] = "/usr/bin/race-victims";

/* One unlock, in processes of its own. */
struct trial {
	const struct scenario *scenario;
	int memory;
	unsigned char *page;
	uint64_t entry; /* of the lock in the unlocker's robust list */
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

/* Each C library has the futex word at its own place: it is where the kernel would look for it. */
static void find_word(struct trial *trial)
{
	struct victim *unlocker = &trial->unlocker;

	find_head(unlocker);
	trial->entry = load_pointer(unlocker, unlocker->head) & ~1ULL;
	uint64_t word = trial->entry + load_pointer(unlocker, unlocker->head + unlocker->pointer_bytes);

	if (unlocker->pointer_bytes == 4)
		word = (uint32_t)word;
	if (word < unlocker->lock || word + 4 > unlocker->lock + unlocker->lock_bytes)
		broken("the robust list of the unlocker has no entry in its lock");
	trial->word_offset = word - unlocker->lock;
	if ((load_word(trial) & FUTEX_TID_MASK) != trial->tid)
		broken("the futex word is 0x%x, not the TID of its owner, %u", load_word(trial), trial->tid);
}

static void wait_for_waiter(struct trial *trial)
{
	time_t start = now();

	send_order(&trial->destroyer, CRV_LOCK, (uint64_t[4]){ trial->destroyer.lock });
	while (!(load_word(trial) & FUTEX_WAITERS) || state_of(&trial->destroyer) != 'S') {
		if (now() - start > LIMIT_SECONDS)
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

/*
 * The kernel makes of the TID that it takes for that of a dead owner FUTEX_OWNER_DIED, and changes nothing else; other
 * damage is not this race's.
 */
static enum outcome strike_released(struct trial *trial, bool *is_strange)
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
	if (!memcmp(lock, expected, destroyer->lock_bytes))
		return INTACT;
	memcpy(expected + trial->word_offset, &(uint32_t){ FUTEX_OWNER_DIED }, sizeof(uint32_t));
	*is_strange = memcmp(lock, expected, destroyer->lock_bytes);
	return CORRUPTED;
}

/* The required outcome for a lock whose unlocker dies at a boundary: it follows from the state there alone. */
static enum outcome required(const struct boundary *boundary, const struct scenario *scenario)
{
	if (!boundary->released)
		return HELD;
	return boundary->pending && !scenario->cleans ? CORRUPTED : INTACT;
}

static void try_boundary(struct trial *trial, struct result *result)
{
	struct boundary *boundary;

	if (result->count == MOST_BOUNDARIES)
		broken("the unlock has more than %d boundaries", MOST_BOUNDARIES);
	boundary = &result->boundaries[result->count++];
	boundary->word = load_word(trial);
	boundary->released = is_released(trial);
	boundary->pending = pending_operation(&trial->unlocker) == trial->entry;
	boundary->required = required(boundary, trial->scenario);
	boundary->outcome = boundary->released ? strike_released(trial, &boundary->strange) : strike_held(trial);
}

/* Holds one unlock after the other, each one boundary further, until one returns before it would be held. */
static void run(const struct scenario *scenario, struct result *result)
{
	bool returned = false;

	for (unsigned int number = 1; !returned; number++) {
		struct trial trial;

		begin(&trial, scenario);
		memcpy(result->library, trial.unlocker.library, sizeof(result->library));
		result->pointer_bits = 8 * trial.unlocker.pointer_bytes;
		for (unsigned int steps = 0; steps < number && !has_answer(&trial.unlocker); steps++)
			advance(&trial.unlocker, scenario->technique);
		returned = has_answer(&trial.unlocker);
		if (!returned)
			try_boundary(&trial, result);
		end(&trial);
	}
}

/* As the detection of the Swift library begins: unknown flags, of which no call of that number has all. */
static void detect_call(struct result *result)
{
	long value = syscall(__NR_cleanup_robust_list, NULL, 1UL, ~0U, -1L, -1L, -1L);

	result->has_call = value < 0 && errno == EINVAL;
	snprintf(result->detection, sizeof(result->detection), "number %d: unknown flags give %s", __NR_cleanup_robust_list,
		 value < 0 ? strerrorname_np(errno) : "a result");
}

static int parse(const char *identifier, struct scenario *scenario)
{
	char technique[16], unlocker[16], variant[16], destroyer[16];
	int end = 0;

	if (sscanf(identifier, "%15[^/]/%15[^/]/%15[^/]/shared/sigkill/%15[^/]%n", technique, unlocker, variant, destroyer,
		   &end) != 4 ||
	    identifier[end])
		return -1;
	*scenario = (struct scenario){
		.identifier = identifier,
		.contended = !strcmp(variant, "contended"),
		.cleans = !strcmp(destroyer, "cleanup"),
		.technique = !strcmp(technique, "syscall-stop") ? SYSCALL_STOP : SINGLE_STEP,
	};
	snprintf(scenario->unlocker, sizeof(scenario->unlocker), "%s", unlocker);
	snprintf(scenario->program, sizeof(scenario->program), "%s/%s", victim_directory, unlocker);
	return (scenario->contended || !strcmp(variant, "plain")) && (scenario->cleans || !strcmp(destroyer, "legacy")) &&
			       (scenario->technique == SYSCALL_STOP || !strcmp(technique, "single-step")) ?
		       0 :
		       -1;
}

int main(int count, char **arguments)
{
	static struct result result;
	struct scenario scenario;

	if (count < 3 || count > 4 || parse(arguments[1], &scenario)) {
		fprintf(stderr, "Usage: race TECHNIQUE/UNLOCKER/VARIANT/shared/sigkill/DESTROYER FILE [VICTIM]\n"
				"Holds the unlock of %s/UNLOCKER, or of VICTIM, at every boundary, kills it there, and\n"
				"writes a report to FILE, as robust-list-check race does.\n"
				"TECHNIQUE: single-step, syscall-stop; VARIANT: plain, contended; DESTROYER: legacy, cleanup\n",
			victim_directory);
		return 64;
	}
	if (count == 4)
		snprintf(scenario.program, sizeof(scenario.program), "%s", arguments[3]);
	result.start = time(NULL);
	detect_call(&result);
	if (scenario.cleans && !result.has_call)
		result.reason = "kernel has no cleanup_robust_list";
	else if (scenario.technique == SINGLE_STEP)
		result.reason = problem_with_steps();
	if (!result.reason)
		run(&scenario, &result);
	return write_report(arguments[2], &scenario, &result);
}
