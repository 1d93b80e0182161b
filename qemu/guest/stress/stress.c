/* SPDX-License-Identifier: MIT */
/*
 * The part of `robust-list-check stress` for guests whose architecture has no Swift: processes die in the window
 * of their unlocks while others destroy the locks and put the memory to another use, and threads die whose robust list heads
 * become memory that looks like a pending operation. Nobody may change a word of either.
 *
 * The locks are of its own making, and stay in the window for as long as a thread does that is preempted there.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifndef __NR_cleanup_robust_list
#define __NR_cleanup_robust_list 473
#endif

enum { LANES = 2, WORKERS = 3, HEADS = 8, PAGE_BYTES = 4096, PATTERN = 0x5a };

struct lock {
	struct robust_list entry;
	uint32_t word;
};

/* A lane's memory that all of its processes share, at one address. */
struct lane {
	struct lock lock;
	char rest[64];
	/* Threads die with an operation on it pending, while others call for it. */
	struct lock target;
	uint64_t destroyed, killed, corrupted; /* by the process that destroys */
	uint64_t threads, changed;             /* by the one with the threads */
	uint64_t calls;                        /* by the one that does nothing else */
	uint32_t stop;
};

static bool makes_call = true;

static _Noreturn void broken(const char *what)
{
	fprintf(stderr, "stress: %s: %s\n", what, strerror(errno));
	kill(0, SIGKILL);
	_exit(2);
}

static void spin(unsigned int loops)
{
	for (volatile unsigned int i = 0; i < loops; i++)
		;
}

static void set_pending(struct robust_list_head *head, struct lock *lock)
{
	__atomic_store_n(&head->list_op_pending, lock ? &lock->entry : NULL, __ATOMIC_SEQ_CST);
}

static void register_head(struct robust_list_head *head)
{
	head->list.next = &head->list;
	head->futex_offset = (long)offsetof(struct lock, word) - (long)offsetof(struct lock, entry);
	set_pending(head, NULL);
	if (syscall(SYS_set_robust_list, head, sizeof(*head)))
		broken("set_robust_list");
}

/* Locks, unlocks, and stays for a while in the window; dies in it, or ends by itself. */
static _Noreturn void unlock_once(struct lane *lane, unsigned int random)
{
	static struct robust_list_head head;
	uint32_t tid = (uint32_t)getpid();

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	register_head(&head);
	set_pending(&head, &lane->lock);
	__atomic_store_n(&lane->lock.word, tid, __ATOMIC_SEQ_CST);
	head.list.next = &lane->lock.entry;
	set_pending(&head, NULL);
	spin(random % 500);

	set_pending(&head, &lane->lock);
	head.list.next = &head.list;
	__atomic_store_n(&lane->lock.word, 0, __ATOMIC_SEQ_CST);
	spin(random / 7 % 2000);
	/* Half of them die for certain in the window, the others beside it, or while the call looks at them. */
	if (random % 2)
		pause();
	set_pending(&head, NULL);
	/* Some exit by themselves, so that the call meets an exit that nobody caused. */
	if (random % 3)
		pause();
	_exit(0);
}

static void call(struct lock *lock)
{
	long result;

	if (!makes_call)
		return;
	do {
		result = syscall(__NR_cleanup_robust_list, lock, sizeof(*lock), 0U, -1L, -1L, -1L);
	} while (result && errno == EINTR);
	if (result)
		broken("cleanup_robust_list");
}

/* The lock's memory is another's from here on: of somebody whose data are the TID of the thread that unlocked it last. */
static void reuse(struct lane *lane, uint32_t tid)
{
	memset(&lane->lock, PATTERN, sizeof(lane->lock));
	memset(lane->rest, PATTERN, sizeof(lane->rest));
	__atomic_store_n(&lane->lock.word, tid, __ATOMIC_SEQ_CST);
}

static bool is_unchanged(const struct lane *lane, uint32_t tid)
{
	struct lock expected;

	memset(&expected, PATTERN, sizeof(expected));
	expected.word = tid;
	if (memcmp(&lane->lock, &expected, sizeof(expected)))
		return false;
	for (size_t i = 0; i < sizeof(lane->rest); i++) {
		if (lane->rest[i] != PATTERN)
			return false;
	}
	return true;
}

static void destroy_once(struct lane *lane, unsigned int *seed)
{
	unsigned int random = (unsigned int)rand_r(seed);
	bool kill_early = random % 5 == 0;
	pid_t child;
	uint32_t word;

	memset(&lane->lock, 0, sizeof(lane->lock));
	__atomic_store_n(&lane->lock.word, FUTEX_TID_MASK, __ATOMIC_SEQ_CST);
	child = fork();
	if (child < 0)
		broken("fork");
	if (!child)
		unlock_once(lane, random);
	if (kill_early) {
		spin(random % 20000);
		kill(child, SIGKILL);
	}
	/* The next owner of a lock is who finds it released, or its owner dead. */
	for (;;) {
		word = __atomic_load_n(&lane->lock.word, __ATOMIC_SEQ_CST);
		if (!word || word & FUTEX_OWNER_DIED)
			break;
		/* It may have died before it had the lock. */
		if (kill_early && word == FUTEX_TID_MASK && waitpid(child, NULL, WNOHANG) == child)
			return;
		sched_yield();
	}
	spin(random / 11 % 300);
	call(&lane->lock);
	reuse(lane, (uint32_t)child);
	if (!kill_early)
		kill(child, SIGKILL);
	/* Robust lists are processed before wait(2) sees the exit. */
	if (waitpid(child, NULL, 0) != child)
		broken("waitpid");
	lane->killed++;
	lane->destroyed++;
	if (!is_unchanged(lane, (uint32_t)child))
		lane->corrupted++;
}

static struct robust_list_head heads[HEADS];
/* Cleared by the kernel when a thread has processed its robust list (CLONE_CHILD_CLEARTID). */
static uint32_t tids[HEADS];

/* Lives for a few milliseconds, and never has an operation. Its stack has no thread-local storage, so no errno. */
static int live_shortly(void *argument)
{
	struct robust_list_head *head = argument;
	unsigned int random = (unsigned int)syscall(SYS_gettid) * 2654435761u;
	const struct timespec life = { .tv_nsec = 500000 + random % 9000000 };

	head->list.next = &head->list;
	syscall(SYS_set_robust_list, head, sizeof(*head));
	syscall(SYS_nanosleep, &life, NULL);
	syscall(SYS_exit, 0);
	return 0;
}

/* Makes the call wait for the mmap_lock of this process, in the midst of its work. */
static void *write_mappings(void *unused)
{
	enum { BYTES = 32 << 20 };
	char *memory = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	if (memory == MAP_FAILED)
		broken("mmap");
	madvise(memory, BYTES, MADV_NOHUGEPAGE);
	for (;;) {
		mprotect(memory, BYTES, PROT_READ);
		mprotect(memory, BYTES, PROT_READ | PROT_WRITE);
	}
	return unused;
}

/* Threads have died. Their heads' memory now belongs to somebody whose data are pointers to the lock. */
static void reuse_heads_once(struct lane *lane, unsigned int *seed)
{
	static char stacks[HEADS][16384] __attribute__((aligned(64)));
	const struct timespec pause = { .tv_nsec = 4000000 };
	bool reused[HEADS] = { false };
	static pthread_t writer;

	(void)seed;
	if (!writer && (errno = pthread_create(&writer, NULL, write_mappings, NULL)))
		broken("pthread_create");
	for (unsigned int i = 0; i < HEADS; i++) {
		memset(&heads[i], 0, sizeof(heads[i]));
		tids[i] = 1;
		if (clone(live_shortly, stacks[i] + sizeof(stacks[i]) - 64,
			  CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM |
				  CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID,
			  &heads[i], NULL, NULL, &tids[i]) < 0)
			broken("clone");
	}
	for (unsigned int left = HEADS; left;) {
		for (unsigned int i = 0; i < HEADS; i++) {
			if (reused[i] || __atomic_load_n(&tids[i], __ATOMIC_SEQ_CST))
				continue;
			set_pending(&heads[i], &lane->target);
			reused[i] = true;
			left--;
		}
		sched_yield();
	}
	/* Time for a call that is under way to do them harm. */
	nanosleep(&pause, NULL);
	for (unsigned int i = 0; i < HEADS; i++) {
		lane->threads++;
		if (__atomic_load_n(&heads[i].list_op_pending, __ATOMIC_SEQ_CST) != &lane->target.entry)
			lane->changed++;
	}
}

static void call_once(struct lane *lane, unsigned int *seed)
{
	(void)seed;
	call(&lane->target);
	lane->calls++;
}

static _Noreturn void work(struct lane *lane, unsigned int number, void (*once)(struct lane *, unsigned int *))
{
	unsigned int seed = number;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (!__atomic_load_n(&lane->stop, __ATOMIC_RELAXED))
		once(lane, &seed);
	_exit(0);
}

static struct lane *shared_lane(void)
{
	void *memory = mmap(NULL, PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		broken("mmap");
	return memory;
}

int main(int count, char **arguments)
{
	struct lane *lanes[LANES];
	pid_t workers[WORKERS * LANES];
	void (*const jobs[WORKERS])(struct lane *, unsigned int *) = { destroy_once, reuse_heads_once, call_once };
	uint64_t destroyed = 0, corrupted = 0, threads = 0, changed = 0, calls = 0;
	int status, seconds = count > 1 ? atoi(arguments[1]) : 0;

	if (seconds < 1 || count > 3 || (count == 3 && strcmp(arguments[2], "--without-call"))) {
		fprintf(stderr, "Usage: stress SECONDS [--without-call]\n"
				"Exit status: 0 nothing was changed, 1 something was, 2 nothing can be said, 64 bad usage\n");
		return 64;
	}
	makes_call = count == 2;
	setpgid(0, 0);
	for (unsigned int i = 0; i < WORKERS * LANES; i++) {
		if (i < LANES)
			lanes[i] = shared_lane();
		workers[i] = fork();
		if (workers[i] < 0)
			broken("fork");
		if (!workers[i])
			work(lanes[i % LANES], i, jobs[i / LANES]);
	}
	for (int left = seconds; left > 0; left -= 10) {
		sleep(left < 10 ? (unsigned int)left : 10);
		printf("%d s left\n", left < 10 ? 0 : left - 10);
		fflush(stdout);
	}
	for (unsigned int i = 0; i < LANES; i++)
		__atomic_store_n(&lanes[i]->stop, 1, __ATOMIC_RELAXED);
	for (unsigned int i = 0; i < WORKERS * LANES; i++) {
		if (waitpid(workers[i], &status, 0) != workers[i] || status)
			broken("a worker ended early");
	}
	for (unsigned int i = 0; i < LANES; i++) {
		destroyed += lanes[i]->destroyed;
		corrupted += lanes[i]->corrupted;
		threads += lanes[i]->threads;
		changed += lanes[i]->changed;
		calls += lanes[i]->calls + (makes_call ? lanes[i]->destroyed : 0);
	}
	printf("stress: %llu calls; %llu locks destroyed, %llu corrupted; %llu threads gone, %llu words of their memory changed\n",
	       (unsigned long long)(makes_call ? calls : 0), (unsigned long long)destroyed, (unsigned long long)corrupted,
	       (unsigned long long)threads, (unsigned long long)changed);
	return corrupted || changed;
}
