// SPDX-License-Identifier: MIT
/*
 * The time of pthread_mutex_destroy(), of a lock with its unlock, and of mmap() with munmap(), in nanoseconds each: the median
 * of nine rounds. Prints a line for each: NAME NANOSECONDS.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>

enum { ROUNDS = 9, REPETITIONS = 200000, PAGE = 4096 };

static pthread_mutex_t mutex;
static pthread_mutexattr_t attributes;

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static void init_only(void)
{
	pthread_mutex_init(&mutex, &attributes);
}

static void init_and_destroy(void)
{
	pthread_mutex_init(&mutex, &attributes);
	pthread_mutex_destroy(&mutex);
}

static void lock_and_unlock(void)
{
	pthread_mutex_lock(&mutex);
	pthread_mutex_unlock(&mutex);
}

static void map_and_unmap(void)
{
	void *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (page == MAP_FAILED || munmap(page, PAGE)) {
		perror("cost");
		exit(1);
	}
}

static int compare(const void *a, const void *b)
{
	double difference = *(const double *)a - *(const double *)b;

	return difference < 0 ? -1 : difference > 0;
}

static double median(void (*what)(void))
{
	double each[ROUNDS];

	for (int round = 0; round < ROUNDS; round++) {
		double start = now();

		for (int i = 0; i < REPETITIONS; i++)
			what();
		each[round] = (now() - start) / REPETITIONS;
	}
	qsort(each, ROUNDS, sizeof(each[0]), compare);
	return each[ROUNDS / 2];
}

int main(void)
{
	double init;

	pthread_mutexattr_init(&attributes);
	pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
	init = median(init_only);
	printf("destroy %.1f\n", median(init_and_destroy) - init);
	/* From here on the process has locked a robust mutex: the preload cleans up what is unmapped, if it was asked to. */
	pthread_mutex_init(&mutex, &attributes);
	lock_and_unlock();
	printf("unmap %.1f\n", median(map_and_unmap));
	pthread_mutex_init(&mutex, NULL);
	printf("lock %.1f\n", median(lock_and_unlock));
	return 0;
}
