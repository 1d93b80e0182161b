/* SPDX-License-Identifier: MIT */
/*
 * Kills processes that use one database, at any place, while others go on, and looks whether the database suffers from it.
 *
 * Usage: PROGRAM DIRECTORY SECONDS. DIRECTORY is empty. Prints one line; the exit status is 0 if no transaction was
 * lost or done by half, no library call failed, and nobody waited for ever.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "storm.h"

enum { WORKERS = 4, STALLED_SECONDS = 60, PAUSE_MICROSECONDS = 4000, TRANSACTIONS = 8 };

/* In memory that all processes share. */
struct progress {
	/* Transactions whose commit has returned. */
	_Atomic uint64_t committed;
	_Atomic uint64_t opened;
	atomic_bool ends;
	/* A worker has said what failed. */
	atomic_bool failed;
	/* The keeper has the database open; it may close it. */
	atomic_bool kept;
	atomic_bool read;
};

static struct progress *progress;
static const char *directory;

void storm_fail(const char *what, const char *why)
{
	fprintf(stderr, "storm: process %d: %s: %s\n", getpid(), what, why);
	if (progress)
		atomic_store(&progress->failed, true);
	exit(1);
}

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void work(void)
{
	while (!atomic_load(&progress->ends)) {
		store_open(directory);
		atomic_fetch_add(&progress->opened, 1);
		for (int left = rand() % TRANSACTIONS; left > 0; left--) {
			struct counters found = store_increment();

			if (found.left != found.right)
				storm_fail("a transaction", "was done by half");
			atomic_fetch_add(&progress->committed, 1);
		}
		store_close();
	}
}

/* Keeps the database open, so that nobody is the first to open it, and starts anew. */
static void keep(void)
{
	store_open(directory);
	atomic_store(&progress->kept, true);
	while (!atomic_load(&progress->read))
		usleep(PAUSE_MICROSECONDS);
	store_close();
}

static pid_t start(void (*body)(void))
{
	pid_t child = fork();

	if (child < 0)
		storm_fail("fork", strerror(errno));
	if (child)
		return child;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	srand((unsigned int)getpid());
	body();
	exit(0);
}

static pid_t start_keeper(void)
{
	double limit = now() + STALLED_SECONDS;
	pid_t keeper = start(keep);

	while (!atomic_load(&progress->kept)) {
		if (atomic_load(&progress->failed))
			exit(1);
		if (now() > limit)
			storm_fail("the first open", "did not end");
		usleep(1000);
	}
	return keeper;
}

/* 0 when the child is not there any more within the limit; nobody may have died of anything but a kill. */
static int reap(pid_t child)
{
	double limit = now() + STALLED_SECONDS;
	int status;

	while (now() < limit) {
		pid_t gone = waitpid(child, &status, WNOHANG);

		if (gone == child) {
			if (WIFSIGNALED(status) && WTERMSIG(status) != SIGKILL)
				storm_fail("a process died", strsignal(WTERMSIG(status)));
			return 0;
		}
		if (gone < 0)
			storm_fail("waitpid", strerror(errno));
		usleep(1000);
	}
	return -1;
}

/* The library that destroys mutexes: the preload, if there is one. */
static const char *destroyer(void)
{
	Dl_info info;
	const char *name;

	if (!dladdr(dlsym(RTLD_DEFAULT, "pthread_mutex_destroy"), &info))
		return "?";
	name = strrchr(info.dli_fname, '/');
	return name ? name + 1 : info.dli_fname;
}

int main(int argc, char **argv)
{
	int seconds = argc == 3 ? atoi(argv[2]) : 0;
	pid_t keeper = 0, workers[WORKERS];
	uint64_t last = 0, committed, kills = 0;
	struct counters found;
	double end, moved;

	if (seconds <= 0) {
		fprintf(stderr, "usage: %s DIRECTORY SECONDS\n", argv[0]);
		return 2;
	}
	directory = argv[1];
	progress = mmap(NULL, sizeof(*progress), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (progress == MAP_FAILED) {
		progress = NULL;
		storm_fail("mmap", strerror(errno));
	}
	if (store_is_emptied)
		keeper = start_keeper();
	for (int i = 0; i < WORKERS; i++)
		workers[i] = start(work);

	end = now() + seconds;
	moved = now();
	while (now() < end && !atomic_load(&progress->failed)) {
		int victim = rand() % WORKERS;

		usleep((useconds_t)(rand() % PAUSE_MICROSECONDS));
		kill(workers[victim], SIGKILL);
		if (reap(workers[victim]))
			storm_fail("a killed process", "did not end");
		kills++;
		workers[victim] = start(work);
		committed = atomic_load(&progress->committed);
		if (committed != last) {
			last = committed;
			moved = now();
		} else if (now() > moved + STALLED_SECONDS) {
			storm_fail("the processes", "wait for each other: no transaction was committed for a minute");
		}
	}
	atomic_store(&progress->ends, true);
	for (int i = 0; i < WORKERS; i++)
		if (reap(workers[i]))
			storm_fail("a process", "waits for ever at the end");

	store_open(directory);
	found = store_read();
	store_close();
	atomic_store(&progress->read, true);
	if (keeper && reap(keeper))
		storm_fail("the process that keeps the database", "did not end");
	if (atomic_load(&progress->failed))
		return 1;
	committed = atomic_load(&progress->committed);
	printf("storm: destroyed by %s: %" PRIu64 " transactions, %" PRIu64 " opens, %" PRIu64 " kills; counters %" PRIu64
	       " and %" PRIu64 "\n",
	       destroyer(), committed, atomic_load(&progress->opened), kills, found.left, found.right);
	/* A process that was killed may have committed what it did not count any more. */
	if (found.left != found.right || found.left < committed || found.left > committed + kills)
		storm_fail("the database", "has lost a transaction, or done one by half or twice");
	return 0;
}
