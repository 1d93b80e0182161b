// SPDX-License-Identifier: MIT
/*
 * Tests of what POSIX says about mutexes that pthread_mutex_destroy() could have broken, for any C library. musl comes without
 * tests. Prints a line for each test: "pass NAME", "fail NAME: why", "skip NAME: why".
 *
 * The tests whose name begins with "cleanup" are about the series: they pass with it on a kernel with
 * cleanup_robust_list(2), are skipped on a kernel without, and fail without it.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifndef SYS_cleanup_robust_list
#define SYS_cleanup_robust_list 473
#endif

struct kind {
	int type, robust, pshared, protocol;
};

struct robust_head {
	void *list;
	long futex_offset;
	void *pending;
};

static struct {
	pthread_barrier_t barrier;
	pthread_mutex_t mutex;
	pthread_mutex_t neighbour;
	/* The other side has found its robust list head and the futex word, and this is the pointer in it afterwards. */
	int found;
	void *pending;
} *shared;

static char name[128];
static int failed;

static void begin(const char *what, const struct kind *kind)
{
	static const char *const types[] = { "normal", "recursive", "error-checking" };
	int type = kind->type == PTHREAD_MUTEX_RECURSIVE ? 1 : kind->type == PTHREAD_MUTEX_ERRORCHECK ? 2 : 0;

	failed = 0;
	snprintf(name, sizeof(name), "%s %s%s%s%s", what, types[type], kind->robust ? " robust" : "",
		 kind->pshared ? " process-shared" : "", kind->protocol ? " pi" : "");
}

static void expect(const char *what, long expected, long found)
{
	if (expected == found || failed++)
		return;
	printf("fail %s: %s: expected %ld (%s), found %ld (%s)\n", name, what, expected, strerror(expected), found,
	       strerror(found));
}

static void end(void)
{
	if (!failed)
		printf("pass %s\n", name);
}

/* Says so when the kernel lacks what the test is about. */
static int is_skipped(void)
{
	if (!syscall(SYS_cleanup_robust_list, NULL, 0, 0, -1L, -1L, -1L))
		return 0;
	printf("skip %s: the kernel has no cleanup_robust_list(2)\n", name);
	return 1;
}

static int init(pthread_mutex_t *mutex, const struct kind *kind)
{
	pthread_mutexattr_t attributes;
	int error = pthread_mutexattr_init(&attributes);

	if (!error)
		error = pthread_mutexattr_settype(&attributes, kind->type);
	if (!error && kind->robust)
		error = pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
	if (!error && kind->pshared)
		error = pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
	if (!error && kind->protocol)
		error = pthread_mutexattr_setprotocol(&attributes, PTHREAD_PRIO_INHERIT);
	return error ? error : pthread_mutex_init(mutex, &attributes);
}

/* In a process or thread that ends as soon as @run has returned. */
static void elsewhere(void *(*run)(void *), int in_process)
{
	pthread_t thread;
	int status = 0;

	if (!in_process) {
		expect("pthread_create", 0, pthread_create(&thread, NULL, run, NULL));
		if (!failed)
			pthread_join(thread, NULL);
		return;
	}
	fflush(stdout);
	pid_t child = fork();
	if (!child) {
		failed = 0;
		run(NULL);
		/* What it has to say about a failure is in a buffer. */
		fflush(stdout);
		_exit(failed != 0);
	}
	expect("waitpid", child, waitpid(child, &status, 0));
	expect("status of the child", 0, status);
}

static void *try_it(void *unused)
{
	(void)unused;
	expect("trylock by another", EBUSY, pthread_mutex_trylock(&shared->mutex));
	return NULL;
}

static void *die_with_it(void *unused)
{
	(void)unused;
	pthread_mutex_lock(&shared->mutex);
	return NULL;
}

static void locks(const struct kind *kind)
{
	pthread_mutex_t *mutex = &shared->mutex;

	begin("lock", kind);
	expect("init", 0, init(mutex, kind));
	for (int round = 0; round < 3; round++) {
		expect("lock", 0, pthread_mutex_lock(mutex));
		elsewhere(try_it, kind->pshared);
		if (kind->type == PTHREAD_MUTEX_RECURSIVE) {
			expect("lock again", 0, pthread_mutex_lock(mutex));
			expect("unlock once", 0, pthread_mutex_unlock(mutex));
			elsewhere(try_it, kind->pshared);
		}
		if (kind->type == PTHREAD_MUTEX_ERRORCHECK)
			expect("lock again", EDEADLK, pthread_mutex_lock(mutex));
		expect("unlock", 0, pthread_mutex_unlock(mutex));
		if (kind->type != PTHREAD_MUTEX_NORMAL)
			expect("unlock again", EPERM, pthread_mutex_unlock(mutex));
		expect("trylock", 0, pthread_mutex_trylock(mutex));
		expect("unlock", 0, pthread_mutex_unlock(mutex));
		struct timespec now;
		clock_gettime(CLOCK_REALTIME, &now);
		expect("timedlock", 0, pthread_mutex_timedlock(mutex, &now));
		expect("unlock", 0, pthread_mutex_unlock(mutex));
		errno = EXDEV;
		expect("destroy", 0, pthread_mutex_destroy(mutex));
		expect("errno", EXDEV, errno);
		memset(mutex, 0xa5, sizeof(*mutex));
		expect("init of reused memory", 0, init(mutex, kind));
	}
	expect("destroy", 0, pthread_mutex_destroy(mutex));
	end();
}

static void owner_dies(const struct kind *kind)
{
	pthread_mutex_t *mutex = &shared->mutex;

	begin("owner dies", kind);
	expect("init", 0, init(mutex, kind));
	elsewhere(die_with_it, kind->pshared);
	expect("lock", EOWNERDEAD, pthread_mutex_lock(mutex));
	expect("consistent", 0, pthread_mutex_consistent(mutex));
	expect("unlock", 0, pthread_mutex_unlock(mutex));
	elsewhere(die_with_it, kind->pshared);
	expect("trylock", EOWNERDEAD, pthread_mutex_trylock(mutex));
	expect("unlock", 0, pthread_mutex_unlock(mutex));
	expect("lock", ENOTRECOVERABLE, pthread_mutex_lock(mutex));
	errno = EXDEV;
	expect("destroy", 0, pthread_mutex_destroy(mutex));
	expect("errno", EXDEV, errno);
	expect("init", 0, init(mutex, kind));
	expect("lock", 0, pthread_mutex_lock(mutex));
	expect("unlock", 0, pthread_mutex_unlock(mutex));
	expect("destroy", 0, pthread_mutex_destroy(mutex));
	end();
}

/* The futex word of a mutex that the calling thread holds: no library says where it is. */
static uint32_t *futex_word(pthread_mutex_t *mutex)
{
	for (uint32_t *word = (uint32_t *)mutex; word < (uint32_t *)(mutex + 1); word++)
		if ((*word & 0x3fffffff) == (uint32_t)syscall(SYS_gettid))
			return word;
	return NULL;
}

static pthread_mutex_t *pending_mutex;

/* Is in the middle of an unlock, as far as the kernel can see, while the mutex is destroyed. */
static void *be_pending(void *unused)
{
	struct robust_head *head = NULL;
	size_t length;

	(void)unused;
	/* A library may register the list only when it is first needed. */
	pthread_mutex_lock(pending_mutex);
	uint32_t *word = futex_word(pending_mutex);
	pthread_mutex_unlock(pending_mutex);
	if (word && !syscall(SYS_get_robust_list, 0, &head, &length) && head)
		head->pending = (char *)word - head->futex_offset;
	pthread_barrier_wait(&shared->barrier);
	pthread_barrier_wait(&shared->barrier);
	shared->found = head && word;
	shared->pending = shared->found ? *(void *volatile *)&head->pending : NULL;
	if (head)
		head->pending = NULL;
	return NULL;
}

static void cleans_up(const struct kind *kind, pthread_mutex_t *pending, int is_cleared)
{
	pthread_barrierattr_t attributes;
	int status = 0;

	begin(is_cleared ? "cleanup of" : "no cleanup beside", kind);
	if (is_skipped())
		return;
	pthread_barrierattr_init(&attributes);
	pthread_barrierattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
	pthread_barrier_init(&shared->barrier, &attributes, 2);
	expect("init", 0, init(&shared->mutex, kind));
	expect("init", 0, init(&shared->neighbour, kind));
	pending_mutex = pending;
	fflush(stdout);
	pid_t child = fork();
	if (child < 0) {
		expect("fork", 0, errno);
		return;
	}
	if (!child) {
		be_pending(NULL);
		_exit(0);
	}
	pthread_barrier_wait(&shared->barrier);
	expect("destroy", 0, pthread_mutex_destroy(&shared->mutex));
	pthread_barrier_wait(&shared->barrier);
	expect("waitpid", child, waitpid(child, &status, 0));
	expect("status of the child", 0, status);
	expect("the other side was pending", 1, shared->found);
	expect("the pending pointer is cleared", is_cleared, shared->pending == NULL);
	expect("destroy of the neighbour", 0, pthread_mutex_destroy(&shared->neighbour));
	pthread_barrier_destroy(&shared->barrier);
	end();
}

/*
 * A mutex that was destroyed is nobody's business. To destroy it again is undefined, but programs do, and a library may
 * have left anything in it.
 */
static void is_destroyed_again(const struct kind *kind)
{
	static const struct kind robust = { .type = PTHREAD_MUTEX_NORMAL, .robust = 1, .pshared = 1 };
	struct robust_head *head = NULL;
	size_t length;

	begin("no cleanup of a destroyed", kind);
	if (is_skipped())
		return;
	expect("init", 0, init(&shared->neighbour, &robust));
	pthread_mutex_lock(&shared->neighbour);
	pthread_mutex_unlock(&shared->neighbour);
	expect("get_robust_list", 0, syscall(SYS_get_robust_list, 0, &head, &length));
	expect("init", 0, init(&shared->mutex, kind));
	expect("destroy", 0, pthread_mutex_destroy(&shared->mutex));
	void *pending = (char *)&shared->mutex - head->futex_offset;
	*(void *volatile *)&head->pending = pending;
	pthread_mutex_destroy(&shared->mutex);
	expect("the pending pointer stays", 1, *(void *volatile *)&head->pending == pending);
	*(void *volatile *)&head->pending = NULL;
	expect("destroy of the neighbour", 0, pthread_mutex_destroy(&shared->neighbour));
	end();
}

/* True if the library sets list_op_pending for such mutexes; musl does for some that are not robust. */
static int uses_pending(const struct kind *kind)
{
#ifdef __GLIBC__
	return kind->robust;
#else
	return kind->pshared && (kind->robust || kind->type != PTHREAD_MUTEX_NORMAL ||
				 kind->protocol == PTHREAD_PRIO_INHERIT);
#endif
}

int main(void)
{
	static const int types[] = { PTHREAD_MUTEX_NORMAL, PTHREAD_MUTEX_RECURSIVE, PTHREAD_MUTEX_ERRORCHECK };

	/* A child that is gone leaves its parent at the barrier. */
	alarm(600);
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED) {
		perror("mutex: mmap");
		return 1;
	}
	for (int number = 0; number < 24; number++) {
		struct kind kind = {
			.type = types[number / 8],
			.robust = number & 1,
			.pshared = number >> 1 & 1,
			.protocol = number & 4 ? PTHREAD_PRIO_INHERIT : PTHREAD_PRIO_NONE,
		};

		locks(&kind);
		if (kind.robust)
			owner_dies(&kind);
		if (kind.pshared && uses_pending(&kind)) {
			cleans_up(&kind, &shared->mutex, 1);
			cleans_up(&kind, &shared->neighbour, 0);
		}
		if (!uses_pending(&kind))
			is_destroyed_again(&kind);
	}
	return 0;
}
