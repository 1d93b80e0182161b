/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "crf_task.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include "crf_syscalls.h"

enum { STACK_BYTES = 64 * 1024 };

static void *run_in_thread(void *task)
{
	crf_task_run(task);
}

static int run_in_process(void *task)
{
	/* A process of its own: it would outlive the peer whose memory it uses. */
	crf_syscall6(__NR_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0, 0);
	crf_task_run(task);
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
static long clone_process(struct crf_task *task, int flags)
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
		((struct crf_task *)task)->result = error;
	return NULL;
}

long crf_task_start(struct crf_task *task, enum crf_task_kind kind)
{
	switch (kind) {
	case CRF_TASK_THREAD:
		return start_thread(run_in_thread, task);
	case CRF_TASK_VM_PROCESS:
		return clone_process(task, CLONE_VM);
	case CRF_TASK_VFORK_CHILD:
		return start_thread(vfork_in_thread, task);
	}
	return -EINVAL;
}
