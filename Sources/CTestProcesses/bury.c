/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "ctp_bury.h"

#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include "crf_atomics.h"
#include "crf_syscalls.h"

enum { GRAVES = 8, LIFE_NS = 9000000, STACK_BYTES = 16 * 1024, WRITER_BYTES = 48 << 20, LINGER_NS = 4000000 };

struct grave {
	struct crf_robust_list_head head;
	uintptr_t buried; /* the value that was stored; 0: the thread lives */
	uint32_t tid;     /* 0: the thread has let go of the memory */
	uint32_t life_ns;
} __attribute__((aligned(64)));

static void sleep_ns(long nanoseconds)
{
	struct timespec time = { .tv_nsec = nanoseconds };

	crf_syscall6(__NR_nanosleep, (uintptr_t)&time, 0, 0, 0, 0, 0);
}

static int live(void *argument)
{
	struct grave *grave = argument;

	crf_set_robust_list(&grave->head);
	sleep_ns(grave->life_ns);
	crf_exit_thread(0);
}

/* Stores the value in the heads of those that are gone by now; how many that are. */
static int reuse(struct grave *graves, const uintptr_t *value)
{
	int count = 0;

	for (struct grave *grave = graves; grave < graves + GRAVES; grave++) {
		if (grave->buried || crf_load32(&grave->tid))
			continue;
		grave->buried = crf_load_pointer(value);
		crf_store_pointer(&grave->head.list_op_pending, grave->buried);
		count++;
	}
	return count;
}

long ctp_bury(const uintptr_t *value, struct ctp_burial *burial)
{
	enum { FLAGS = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM |
		       CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID };
	static struct grave graves[GRAVES];
	static char stacks[GRAVES][STACK_BYTES] __attribute__((aligned(16)));
	static uint32_t chance = 1;

	for (int i = 0; i < GRAVES; i++) {
		struct grave *grave = &graves[i];

		chance = chance * 1103515245 + 12345;
		memset(grave, 0, sizeof(*grave));
		grave->head.next = (uintptr_t)&grave->head;
		grave->head.futex_offset = -32;
		/* About as long as a call has to wait for the mmap_lock, which ctp_keep_mmap_lock_busy() holds. */
		grave->life_ns = 500000 + (chance >> 8) % LIFE_NS;
		if (clone(live, stacks[i] + STACK_BYTES, FLAGS, grave, &grave->tid, NULL, &grave->tid) < 0)
			return -errno;
	}
	for (int left = GRAVES; left; left -= reuse(graves, value))
		sched_yield();
	/* Time for a call that found the thread alive to come back to its memory. */
	sleep_ns(LINGER_NS);
	for (int i = 0; i < GRAVES; i++) {
		__atomic_fetch_add(&burial->reused, 1, __ATOMIC_RELAXED);
		if (crf_load_pointer(&graves[i].head.list_op_pending) != graves[i].buried)
			__atomic_fetch_add(&burial->changed, 1, __ATOMIC_RELAXED);
	}
	return 0;
}

long ctp_keep_mmap_lock_busy(const uint32_t *stop)
{
	long memory = crf_mmap(0, WRITER_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	if (memory < 0)
		return memory;
	/* Page by page, to take long. */
	crf_syscall6(__NR_madvise, (uintptr_t)memory, WRITER_BYTES, MADV_NOHUGEPAGE, 0, 0, 0);
	while (!crf_load32(stop)) {
		crf_syscall6(__NR_mprotect, (uintptr_t)memory, WRITER_BYTES, PROT_READ, 0, 0, 0);
		crf_syscall6(__NR_mprotect, (uintptr_t)memory, WRITER_BYTES, PROT_READ | PROT_WRITE, 0, 0, 0);
	}
	return crf_munmap((uintptr_t)memory, WRITER_BYTES);
}
