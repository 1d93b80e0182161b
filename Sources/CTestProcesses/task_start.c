/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "ctp_task.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include "crf_atomics.h"
#include "crf_syscalls.h"

enum { STACK_BYTES = 64 * 1024 };

static void *run_in_thread(void *task)
{
	ctp_task_run(task);
}

/* A process of its own would outlive the peer whose memory it uses. */
static void end_with_parent(void)
{
	crf_syscall6(__NR_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0, 0);
}

static int run_in_process(void *task)
{
	end_with_parent();
	ctp_task_run(task);
}

static long start_thread(void *(*body)(void *), void *argument)
{
	pthread_t thread;
	int error = pthread_create(&thread, NULL, body, argument);

	if (error)
		return -error;
	pthread_detach(thread);
	return 0;
}

/* The stack is never unmapped: the task runs on it until its process ends. */
static long clone_process(struct ctp_task *task, int flags)
{
	long stack = crf_mmap(0, STACK_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (stack < 0)
		return stack;
	return clone(run_in_process, (char *)stack + STACK_BYTES, flags | SIGCHLD, task) < 0 ? -errno : 0;
}

static void *vfork_in_thread(void *task)
{
	long error = clone_process(task, CLONE_VM | CLONE_VFORK);

	if (error < 0)
		((struct ctp_task *)task)->result = error;
	return NULL;
}

enum { THREAD_FLAGS = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM };
enum { SMALL_STACK_BYTES = 4096 };

static int exit_at_once(void *unused)
{
	(void)unused;
	crf_exit_thread(0);
}

static int exit_when_told(void *word)
{
	while (!crf_load32(word))
		crf_futex(word, FUTEX_WAIT, 0, NULL, NULL, 0);
	crf_exit_thread(0);
}

/* The stacks are never unmapped: they are those of threads until their process ends. */
static long spawn_waiters(uint64_t count, uint32_t *word)
{
	long stacks = crf_mmap(0, count * SMALL_STACK_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (stacks < 0)
		return stacks;
	for (uint64_t i = 1; i <= count; i++) {
		if (clone(exit_when_told, (char *)stacks + i * SMALL_STACK_BYTES, THREAD_FLAGS, word) < 0)
			return -errno;
	}
	return 0;
}

static long spawn_thread(void)
{
	static char stack[SMALL_STACK_BYTES] __attribute__((aligned(16)));

	/* One stack for all: CLONE_VFORK returns when the thread has left the address space. */
	return clone(exit_at_once, stack + sizeof(stack), THREAD_FLAGS | CLONE_VFORK, NULL) < 0 ? -errno : 0;
}

static long spawn_process(void)
{
	long pid = crf_syscall6(__NR_fork, 0, 0, 0, 0, 0, 0);

	if (pid == 0)
		crf_exit_thread(0);
	return pid < 0 ? pid : 0;
}

/* The kernel stores the pidfd when the child has its memory, and before it is a process. */
static long spawn_child(uint32_t *pidfd)
{
	long pid = crf_syscall6(__NR_clone, CLONE_PIDFD | SIGCHLD, 0, (uintptr_t)pidfd, 0, 0, 0);

	if (pid)
		return pid;
	end_with_parent();
	for (;;)
		crf_syscall6(__NR_pause, 0, 0, 0, 0, 0, 0);
}

/* The kernel stores the id when the child is a process, and before it can run. */
static long spawn_vm_child(uint32_t *id)
{
	static char stack[SMALL_STACK_BYTES] __attribute__((aligned(16)));

	return clone(exit_at_once, stack + sizeof(stack), CLONE_VM | CLONE_PARENT_SETTID | SIGCHLD, NULL, id) < 0 ?
		       -errno :
		       0;
}

long ctp_task_spawn(enum ctp_spawn what, uint64_t count, uint32_t *word)
{
	long error = 0;

	if (what == CTP_SPAWN_WAITERS)
		return spawn_waiters(count, word);
	if (what == CTP_SPAWN_CHILD)
		return spawn_child(word);
	if (what == CTP_SPAWN_VM_CHILD)
		return spawn_vm_child(word);
	for (uint64_t i = 0; i < count && !error; i++)
		error = what == CTP_SPAWN_THREADS ? spawn_thread() : spawn_process();
	return error;
}

long ctp_task_start(struct ctp_task *task, enum ctp_task_kind kind)
{
	switch (kind) {
	case CTP_TASK_THREAD:
		return start_thread(run_in_thread, task);
	case CTP_TASK_VM_PROCESS:
		return clone_process(task, CLONE_VM);
	case CTP_TASK_VFORK_CHILD:
		return start_thread(vfork_in_thread, task);
	}
	return -EINVAL;
}
