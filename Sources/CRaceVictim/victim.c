/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "race_victim.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#ifdef __GLIBC__
#include <gnu/libc-version.h>
#endif
#include "locks.h"

#ifndef __NR_cleanup_robust_list
#define __NR_cleanup_robust_list 473
#endif

/*
 * Called through pointers that the loader has filled in before main(): a call through the procedure linkage
 * table would have the resolver's instructions stepped through as well.
 */
static int (*const volatile mutex_unlock)(pthread_mutex_t *) = pthread_mutex_unlock;

static int libc_unlock(void *lock)
{
	return mutex_unlock(lock);
}

static int libc_lock(void *lock)
{
	return pthread_mutex_lock(lock);
}

static int libc_trylock(void *lock)
{
	return pthread_mutex_trylock(lock);
}

static int libc_consistent(void *lock)
{
	return pthread_mutex_consistent(lock);
}

static int libc_destroy(void *lock)
{
	return pthread_mutex_destroy(lock);
}

static int libc_init(void *lock, int kind)
{
	pthread_mutexattr_t attributes;
	int error = pthread_mutexattr_init(&attributes);

	if (!error && !(kind & CRV_MUTEX_NOT_ROBUST))
		error = pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
	if (!error)
		error = pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
	if (!error && kind & (CRV_MUTEX_RECURSIVE | CRV_MUTEX_ERRORCHECK))
		error = pthread_mutexattr_settype(&attributes, kind & CRV_MUTEX_RECURSIVE ?
								       PTHREAD_MUTEX_RECURSIVE :
								       PTHREAD_MUTEX_ERRORCHECK);
	if (!error && kind & CRV_MUTEX_PI)
		error = pthread_mutexattr_setprotocol(&attributes, PTHREAD_PRIO_INHERIT);
	return error ? error : pthread_mutex_init(lock, &attributes);
}

static const struct crv_locks libc_locks = {
	.bytes = sizeof(pthread_mutex_t),
	.init = libc_init,
	.lock = libc_lock,
	.trylock = libc_trylock,
	.unlock = libc_unlock,
	.consistent = libc_consistent,
	.destroy = libc_destroy,
};

static const struct crv_locks *locks = &libc_locks;

static void *pointer(uint64_t address)
{
	return (void *)(uintptr_t)address;
}

static void hello(const struct crv_order *order, struct crv_answer *answer)
{
#ifdef CRV_WITH_BOOST
	answer->value = order->arguments[0] == CRV_BOOST ? 0 : -EINVAL;
	locks = crv_boost_locks();
#elif defined(CRV_STANDALONE)
	answer->value = order->arguments[0] == CRV_LIBC ? 0 : -EINVAL;
#else
	if (order->arguments[0] == CRV_ROBUST_UNLOCK)
		locks = crv_robust_unlock_locks(pointer(order->arguments[1]));
	if (order->arguments[0] == CRV_KEPT_WAITERS)
		locks = crv_kept_waiters_locks();
#endif
	answer->values[CRV_POINTER_BITS] = 8 * sizeof(void *);
	answer->values[CRV_LOCK_BYTES] = locks->bytes;
	/* Boost's own unlock is inlined, and calls the library's. */
	answer->values[CRV_UNLOCK_ADDRESS] = order->arguments[0] == CRV_LIBC || order->arguments[0] == CRV_BOOST ?
						     (uintptr_t)mutex_unlock : (uintptr_t)locks->unlock;
	answer->values[CRV_TID] = (uint64_t)syscall(SYS_gettid);
#ifdef __GLIBC__
	snprintf(answer->text, sizeof(answer->text), "glibc %s", gnu_get_libc_version());
#else
	/* musl has no macro of its own, nor a way to ask for its version; nothing else is built against. */
	snprintf(answer->text, sizeof(answer->text), "musl");
#endif
}

static int64_t map(uint64_t address, uint64_t length, int flags, int descriptor)
{
	/* MAP_FIXED_NOREPLACE: what the loader has put there must not be lost. */
	void *mapped = mmap(pointer(address), (size_t)length, PROT_READ | PROT_WRITE,
			    flags | MAP_FIXED_NOREPLACE, descriptor, 0);

	if (mapped == MAP_FAILED)
		return -errno;
	return mapped == pointer(address) ? 0 : -EEXIST;
}

static void reuse(const struct crv_order *order)
{
	memset(pointer(order->arguments[0]), CRV_REUSE_BYTE, (size_t)order->arguments[1]);
	__atomic_store_n((uint32_t *)pointer(order->arguments[2]), (uint32_t)order->arguments[3],
			 __ATOMIC_SEQ_CST);
}

#ifdef CRV_WITH_BOOST
static void heap(int (*find)(struct crv_place *), struct crv_answer *answer)
{
	struct crv_place place = { 0 };

	answer->value = find(&place);
	answer->values[0] = (uintptr_t)place.lock;
	answer->values[1] = place.offset;
}
#endif

/* Not the program that the kernel started where a loader was given this one's path. */
static const char *own_path = "/proc/self/exe";

static int64_t exec_self(void)
{
	char *const arguments[] = { "race-victim", CRV_AFTER_EXEC, NULL };
	char *const environment[] = { NULL };

	execve(own_path, arguments, environment);
	return -errno;
}

static int64_t fill_memory(void)
{
	const size_t step = 1 << 20;

	for (;;) {
		void *more = mmap(NULL, step, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (more == MAP_FAILED)
			return -errno;
		memset(more, 1, step);
	}
}

static void serve(int socket);

static void *serve_helper(void *unused)
{
	serve(CRV_HELPER_ORDERS);
	return unused;
}

static int64_t start_helper(void)
{
	pthread_t thread;

	return -pthread_create(&thread, NULL, serve_helper, NULL);
}

static void head(struct crv_answer *answer)
{
	void *address = NULL;
	size_t length = 0;

	/* Of the calling thread, so that a 32-bit one gets the head that the kernel keeps for such threads. */
	answer->value = syscall(SYS_get_robust_list, 0, &address, &length) ? -errno : 0;
	answer->values[0] = (uintptr_t)address;
}

static void carry_out(const struct crv_order *order, struct crv_answer *answer)
{
	const uint64_t *arguments = order->arguments;
	void *lock = pointer(arguments[0]);

	switch (order->code) {
	case CRV_LOCK:
		answer->value = locks->lock(lock);
		break;
	case CRV_TRYLOCK:
		answer->value = locks->trylock(lock);
		break;
	case CRV_CONSISTENT:
		answer->value = locks->consistent(lock);
		break;
	case CRV_DESTROY:
		answer->value = locks->destroy(lock);
		break;
	case CRV_INIT:
		answer->value = locks->init(lock, (int)arguments[1]);
		break;
	case CRV_HELLO:
		hello(order, answer);
		break;
	case CRV_HEAD:
		head(answer);
		break;
	case CRV_MAP:
		answer->value = map(arguments[0], arguments[1], MAP_SHARED, CRV_MEMORY);
		break;
	case CRV_MAP_PRIVATE:
		answer->value = map(arguments[0], arguments[1], MAP_PRIVATE | MAP_ANONYMOUS, -1);
		break;
	case CRV_REMAP:
		answer->value = munmap(lock, (size_t)arguments[1]) ? -errno : 0;
		if (!answer->value)
			answer->value = map(arguments[0], arguments[1], MAP_SHARED, CRV_MEMORY);
		break;
	case CRV_CLEANUP:
		/* The arguments that it does not use are those with which no other call of that number does harm. */
		answer->value = syscall(__NR_cleanup_robust_list, lock, (size_t)arguments[1],
					(unsigned int)arguments[2], -1L, -1L, -1L);
		if (answer->value < 0)
			answer->value = -errno;
		break;
#ifdef CRV_WITH_BOOST
	case CRV_CREATE_HEAP:
		heap(crv_boost_create, answer);
		break;
	case CRV_OPEN_HEAP:
		heap(crv_boost_open, answer);
		break;
	case CRV_REUSE:
		answer->value = crv_boost_reuse(lock);
		if (!answer->value)
			reuse(order);
		break;
#else
	case CRV_REUSE:
		reuse(order);
		break;
#endif
	case CRV_START_HELPER:
		answer->value = start_helper();
		break;
	case CRV_FAULT:
		*(volatile int *)pointer(arguments[0]);
		break;
	case CRV_EXEC:
		answer->value = exec_self();
		break;
	case CRV_FILL_MEMORY:
		answer->value = fill_memory();
		break;
	default:
		answer->value = -EINVAL;
	}
}

/* The signal that ends a wait for a lock may come when that is over already. */
static int next_order(int socket, struct crv_order *order)
{
	ssize_t count;

	do {
		count = read(socket, order, sizeof(*order));
	} while (count < 0 && errno == EINTR);
	return count == sizeof(*order);
}

static void serve(int socket)
{
	struct crv_order order;

	while (next_order(socket, &order)) {
		struct crv_answer answer = { 0 };

		/* First, and without a detour: every instruction up to the unlock is single-stepped. */
		if (order.code == CRV_UNLOCK)
			answer.value = locks->unlock(pointer(order.arguments[0]));
		else
			carry_out(&order, &answer);
		if (write(socket, &answer, sizeof(answer)) != sizeof(answer))
			return;
	}
}

static void interrupt_wait(int signal)
{
	(void)signal;
}

int crv_serve(void)
{
	struct sigaction action = { .sa_handler = interrupt_wait };

	/* Without SA_RESTART: a wait for a lock is to return, and to look at the futex word again. */
	if (sigaction(SIGUSR1, &action, NULL))
		return 1;
	serve(CRV_ORDERS);
	return 0;
}

#ifdef CRV_STANDALONE
int main(int count, char **arguments)
{
	if (count == 2 && !strcmp(arguments[1], CRV_AFTER_EXEC))
		return 0;
	if (count > 1) {
		fprintf(stderr, "race-victim: is started by robust-list-check race, with no arguments\n");
		return 64;
	}
	own_path = arguments[0];
	return crv_serve();
}
#endif
