/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "crb_everyday.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>
#include "CRobustFutex.h"
#include "crb_peer.h"
#include "handshake.h"

struct crb_mutex {
	pthread_mutex_t mutex;
	/* Rounds that the contender has been told to do, and has done. */
	uint32_t told;
	uint32_t done;
};

struct crb_mutex *crb_make_mutex(void)
{
	pthread_mutexattr_t attributes;
	struct crb_mutex *mutex =
		mmap(NULL, sizeof(*mutex), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (mutex == MAP_FAILED)
		return NULL;
	if (pthread_mutexattr_init(&attributes) || pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST) ||
	    pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED) ||
	    pthread_mutex_init(&mutex->mutex, &attributes))
		return NULL;
	return mutex;
}

long crb_lock(void *mutex)
{
	return -pthread_mutex_lock(&((struct crb_mutex *)mutex)->mutex);
}

long crb_unlock(void *mutex)
{
	return -pthread_mutex_unlock(&((struct crb_mutex *)mutex)->mutex);
}

static void *contend(void *context)
{
	struct crb_mutex *mutex = context;
	/* Batch: once woken it does not push aside the thread that measures. */
	struct sched_param parameters = { 0 };

	pthread_setschedparam(pthread_self(), SCHED_BATCH, &parameters);
	for (uint32_t round = 1;; round++) {
		await(&mutex->told, round);
		if (crb_lock(mutex) < 0 || crb_unlock(mutex) < 0)
			return NULL;
		publish(&mutex->done, round);
	}
}

long crb_start_contender(struct crb_mutex *mutex)
{
	pthread_t thread;

	return -pthread_create(&thread, NULL, contend, mutex);
}

/* The futex word of a pthread_mutex_t of glibc. */
static uint32_t *word_of(struct crb_mutex *mutex)
{
	return (uint32_t *)&mutex->mutex.__data.__lock;
}

long crb_lock_contended(void *context)
{
	struct crb_mutex *mutex = context;
	long result = crb_lock(mutex);

	if (result < 0)
		return result;
	publish(&mutex->told, crf_load32(&mutex->told) + 1);
	/*
	 * With FUTEX_WAITERS set the contender has left its wait for the order; once it sleeps again, it is on the
	 * futex word. An unlock before that would wake nobody, which is another case.
	 */
	while (!(crf_load32(word_of(mutex)) & FUTEX_WAITERS) || crb_is_asleep(getpid()) == 0)
		sched_yield();
	return 0;
}

long crb_await_contender(void *context)
{
	struct crb_mutex *mutex = context;

	await(&mutex->done, crf_load32(&mutex->told));
	return 0;
}
