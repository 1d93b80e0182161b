/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "crb_peer.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include "CRobustFutex.h"
#include "CTestProcesses.h"

/* Never woken: the word on which parked threads wait. */
static uint32_t park;
/* The number of threads that have been started, and one of them. */
static uint32_t parked;
static int32_t last_parked;

static void *park_thread(void *unused)
{
	(void)unused;
	__atomic_store_n(&last_parked, (int32_t)crf_gettid(), __ATOMIC_SEQ_CST);
	__atomic_add_fetch(&parked, 1, __ATOMIC_SEQ_CST);
	crf_futex(&parked, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
	for (;;)
		crf_futex(&park, FUTEX_WAIT, 0, NULL, NULL, 0);
	return NULL;
}

/* As large as libc's, so that two of them share page tables no more than those do. */
#define STACK_SIZE ((size_t)8 << 20)

/* Puts the stacks one behind the other at stacks; NULL: wherever libc puts each. 0 or -errno. */
static long start_threads(unsigned int count, char *stacks)
{
	uint32_t wanted = parked + count;

	for (unsigned int i = 0; i < count; i++) {
		pthread_attr_t attributes;
		pthread_t thread;
		int error = pthread_attr_init(&attributes);

		if (!error && stacks)
			error = pthread_attr_setstack(&attributes, stacks + i * STACK_SIZE, STACK_SIZE);
		if (!error)
			error = pthread_create(&thread, &attributes, park_thread, NULL);
		pthread_attr_destroy(&attributes);
		if (error)
			return -error;
	}
	for (uint32_t seen; (seen = crf_load32(&parked)) != wanted;)
		crf_futex(&parked, FUTEX_WAIT, seen, NULL, NULL, 0);
	return 0;
}

long crb_start_threads(unsigned int count, int32_t *last_tid)
{
	long result = start_threads(count, NULL);

	if (last_tid && !result)
		*last_tid = last_parked;
	return result;
}

static long start_threads_in_one_mapping(unsigned int count)
{
	void *stacks;

	if (!count)
		return 0;
	stacks = mmap(NULL, count * STACK_SIZE, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
	return stacks == MAP_FAILED ? -errno : start_threads(count, stacks);
}

/* A peer's first message, about itself. */
struct greeting {
	int error;
	uintptr_t mapping;
};

static struct greeting prepare_peer(const struct crb_peer_plan *plan)
{
	struct greeting greeting = { 0 };

	for (size_t i = 0; plan->file >= 0 && i < plan->mappings; i++) {
		void *address = mmap(NULL, plan->length, PROT_READ | PROT_WRITE, MAP_SHARED, plan->file, 0);

		if (address == MAP_FAILED) {
			greeting.error = errno;
			return greeting;
		}
		if (!i) {
			/* As a process has it that used the lock. */
			*(volatile char *)address;
			greeting.mapping = (uintptr_t)address;
		}
	}
	greeting.error = (int)-(plan->one_stack_mapping ? start_threads_in_one_mapping(plan->threads - 1)
						       : start_threads(plan->threads - 1, NULL));
	return greeting;
}

static _Noreturn void run_peer(const struct crb_peer_plan *plan, int ready, int parent)
{
	struct greeting greeting;

	if (ctp_die_with_parent(parent) < 0)
		_exit(1);
	/* The counts of the process that forked this one. */
	parked = 0;
	greeting = prepare_peer(plan);
	if (write(ready, &greeting, sizeof(greeting)) != sizeof(greeting) || greeting.error)
		_exit(1);
	close(ready);
	for (;;)
		pause();
}

static long await_greeting(int ready, int timeout_ms, struct crb_peer *peer)
{
	struct pollfd readable = { .fd = ready, .events = POLLIN };
	struct greeting greeting;
	int found;

	do {
		found = poll(&readable, 1, timeout_ms);
	} while (found < 0 && errno == EINTR);
	if (found < 0)
		return -errno;
	if (!found)
		return -ETIMEDOUT;
	if (read(ready, &greeting, sizeof(greeting)) != sizeof(greeting))
		return -ECHILD;
	peer->mapping = greeting.mapping;
	return -greeting.error;
}

long crb_start_peer(const struct crb_peer_plan *plan, struct crb_peer *peer)
{
	int parent = getpid(), ends[2];
	long result;

	if (pipe2(ends, O_CLOEXEC))
		return -errno;
	peer->pid = fork();
	if (peer->pid == 0)
		run_peer(plan, ends[1], parent);
	result = peer->pid < 0 ? -errno : 0;
	close(ends[1]);
	if (peer->pid > 0) {
		result = await_greeting(ends[0], plan->timeout_ms, peer);
		if (result < 0)
			crb_end_peer(peer->pid);
	}
	close(ends[0]);
	return result;
}

long crb_end_peer(int pid)
{
	if (kill(pid, SIGKILL))
		return -errno;
	while (waitpid(pid, NULL, 0) < 0) {
		if (errno != EINTR)
			return -errno;
	}
	return 0;
}

/* The state letter of proc_pid_stat(5): it follows the name, which is in parentheses and may hold any character. */
static char state_in(const char *stat)
{
	const char *name_end = strrchr(stat, ')');

	return name_end && name_end[1] ? name_end[2] : 0;
}

static char state_of(int directory, const char *tid)
{
	char path[NAME_MAX + sizeof("/stat")], stat[512];
	ssize_t length;
	int file;

	snprintf(path, sizeof(path), "%s/stat", tid);
	file = openat(directory, path, O_RDONLY | O_CLOEXEC);
	if (file < 0)
		return 0;
	length = read(file, stat, sizeof(stat) - 1);
	close(file);
	if (length <= 0)
		return 0;
	stat[length] = 0;
	return state_in(stat);
}

long crb_is_asleep(int pid)
{
	char path[64];
	DIR *tasks;
	long asleep = 1;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	tasks = opendir(path);
	if (!tasks)
		return -errno;
	for (struct dirent *entry; asleep && (entry = readdir(tasks));) {
		if (entry->d_name[0] != '.' && atoi(entry->d_name) != crf_gettid())
			asleep = state_of(dirfd(tasks), entry->d_name) == 'S';
	}
	closedir(tasks);
	return asleep;
}
