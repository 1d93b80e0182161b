/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "crf_ask.h"

#include <errno.h>
#include <linux/sched.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include "crf_atomics.h"
#include "crf_syscalls.h"

/*
 * In the kernel's half, so that any copy from or to it fails; its low half is INT32_MIN, which is no descriptor, no
 * process, no process group.
 */
static const uintptr_t hopeless_address = 0xffff800080000000;

/* The second and the third argument of set_robust_list2(2) for its command that only asks. */
enum { LIST_LIMIT_SECOND = 4, LIST_LIMIT_THIRD = 2 };

enum { PAGE = 4096, WORD_OFFSET = 64, FUTEX_OFFSET = -32 };

/* The limit of the wait for the end of a killed child. */
enum { KILL_LIMIT_MS = 2000 };

long crf_asked_kernel(uintptr_t addr, size_t len, unsigned int flags, uintptr_t spare)
{
	return crf_syscall6(__NR_cleanup_robust_list, addr, len, flags, spare, spare, spare);
}

struct asker {
	struct crf_answers *answers;
	crf_asked_call *call;
};

static long ask(const struct asker *asker, enum crf_question question, uintptr_t addr, unsigned int flags,
		uintptr_t spare)
{
	struct crf_answers *answers = asker->answers;

	answers->begun |= 1u << question;
	answers->results[question] = asker->call(addr, sizeof(uint32_t), flags, spare);
	answers->answered |= 1u << question;
	return answers->results[question];
}

static void ask_after_wrong_answer(const struct asker *asker, long answer)
{
	_Static_assert(sizeof(uint32_t) == LIST_LIMIT_SECOND, "the length asked with is the command");

	/* Nothing more to learn of nobody, nor of another system call that succeeds. */
	if (answer != -ENOSYS && answer <= 0)
		ask(asker, CRF_ASK_LIST_LIMIT, hopeless_address, LIST_LIMIT_THIRD, 0);
}

/*
 * Finds out whether a call on an own, private word clears exactly the pending operation on it and nothing else. 0, or
 * -errno when there is nothing to ask with.
 */
static long observe_effect(const struct asker *asker)
{
	struct crf_answers *answers = asker->answers;
	long page = crf_mmap(0, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct crf_robust_list_head head = { .next = (uintptr_t)&head, .futex_offset = FUTEX_OFFSET };
	long result;

	if (page < 0)
		return page;
	uint32_t *word = (uint32_t *)(page + WORD_OFFSET);

	answers->value = word[0] = word[1] = 0x2badcafe;
	result = crf_set_robust_list(&head);
	if (result)
		return result;
	answers->pending_set = (uintptr_t)word - (uintptr_t)head.futex_offset;
	crf_store_pointer(&head.list_op_pending, answers->pending_set);

	result = ask(asker, CRF_ASK_BESIDE, (uintptr_t)(word + 1), 0, -1);
	answers->pending_beside = crf_load_pointer(&head.list_op_pending);
	if (result == 0 && answers->pending_beside == answers->pending_set) {
		ask(asker, CRF_ASK_AT, (uintptr_t)word, 0, -1);
		answers->pending_at = crf_load_pointer(&head.list_op_pending);
	}
	answers->word = crf_load32(&word[0]);
	answers->neighbour = crf_load32(&word[1]);
	/* Whatever was registered, the exit that follows has nothing to look at. */
	crf_store_pointer(&head.list_op_pending, 0);
	return 0;
}

static long interview(const struct asker *asker)
{
	long answer = ask(asker, CRF_ASK_UNKNOWN_FLAGS, hopeless_address, ~(unsigned int)FUTEX_PRIVATE_FLAG, -1);

	if (answer == -EINVAL) {
		answer = ask(asker, CRF_ASK_HOLE, 0, 0, -1);
		if (answer == -ENOMEM)
			return observe_effect(asker);
	}
	ask_after_wrong_answer(asker, answer);
	return 0;
}

static _Noreturn void run_child(const struct asker *asker, long parent)
{
	/* A child that a call does not come back to must not outlive whom it asks for. 0: another pid namespace. */
	crf_syscall6(__NR_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0, 0);
	long now = crf_syscall6(__NR_getppid, 0, 0, 0, 0, 0, 0);

	/* Death by a filter is an answer, nothing to dump the caller's memory for. */
	crf_syscall6(__NR_prctl, PR_SET_DUMPABLE, 0, 0, 0, 0, 0);
	if (now == parent || now == 0)
		asker->answers->unready = interview(asker);
	for (;;)
		crf_syscall6(__NR_exit_group, 0, 0, 0, 0, 0, 0);
}

/* Waits until the process has ended or the limit has passed; true if it has ended. */
static int has_ended(int pidfd, int limit_ms)
{
	struct timespec left = { .tv_sec = limit_ms / 1000, .tv_nsec = limit_ms % 1000 * 1000000 };
	struct pollfd end = { .fd = pidfd, .events = POLLIN };
	long result;

	/* The kernel takes what was waited off the limit. */
	do {
		result = crf_syscall6(__NR_ppoll, (uintptr_t)&end, 1, (uintptr_t)&left, 0, 0, 0);
	} while (result == -EINTR);
	return result == 1;
}

static long reap(long pid, int pidfd, int limit_ms)
{
	int status = 0, is_late = pidfd < 0 || !has_ended(pidfd, limit_ms);

	if (is_late) {
		crf_syscall6(__NR_kill, (uintptr_t)pid, SIGKILL, 0, 0, 0, 0);
		/* One that even SIGKILL does not end is left behind. */
		if (pidfd >= 0 && !has_ended(pidfd, KILL_LIMIT_MS))
			return -ETIMEDOUT;
	}
	long reaped;

	do {
		reaped = crf_syscall6(__NR_wait4, (uintptr_t)pid, (uintptr_t)&status, __WALL, 0, 0, 0);
	} while (reaped == -EINTR);
	if (reaped < 0)
		return reaped;
	if (pidfd < 0)
		return -ENOSYS;
	return is_late ? -ETIMEDOUT : status;
}

long crf_ask(struct crf_answers *answers, crf_asked_call *call, int limit_ms)
{
	long shared = crf_mmap(0, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	*answers = (struct crf_answers){ 0 };
	if (shared < 0)
		return shared;
	struct asker asker = { .answers = (struct crf_answers *)shared, .call = call };
	uint64_t all = ~UINT64_C(0), before = 0;
	long parent = crf_syscall6(__NR_getpid, 0, 0, 0, 0, 0, 0);
	int pidfd = -1;

	/* No handler of the caller's runs in the child; SIGSYS of a filter ends it even so. */
	crf_syscall6(__NR_rt_sigprocmask, SIG_SETMASK, (uintptr_t)&all, (uintptr_t)&before, sizeof(all), 0, 0);
	/* No signal at the end: that is what keeps it from handlers of SIGCHLD, and from who waits for any child. */
	long pid = crf_syscall6(__NR_clone, CLONE_PIDFD, 0, (uintptr_t)&pidfd, 0, 0, 0);

	if (pid == 0)
		run_child(&asker, parent);
	crf_syscall6(__NR_rt_sigprocmask, SIG_SETMASK, (uintptr_t)&before, 0, sizeof(before), 0, 0);

	long result = pid < 0 ? pid : reap(pid, pidfd, limit_ms);

	*answers = *asker.answers;
	crf_munmap((uintptr_t)shared, PAGE);
	if (pidfd >= 0)
		crf_syscall6(__NR_close, (uintptr_t)pidfd, 0, 0, 0, 0, 0);
	return result;
}
