/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "ctp_ticks.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include "crf_syscalls.h"

static struct ctp_ticks *volatile counts;
static volatile uint64_t last_ns;

static uint64_t now_ns(void)
{
	struct timespec now;

	crf_syscall6(__NR_clock_gettime, CLOCK_MONOTONIC, (uintptr_t)&now, 0, 0, 0, 0);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static void tick(int unused)
{
	struct ctp_ticks *ticks = counts;
	uint64_t now = now_ns(), gap = now - last_ns;

	(void)unused;
	last_ns = now;
	__atomic_fetch_add(&ticks->count, 1, __ATOMIC_SEQ_CST);
	if (gap > __atomic_load_n(&ticks->longest_ns, __ATOMIC_SEQ_CST))
		__atomic_store_n(&ticks->longest_ns, gap, __ATOMIC_SEQ_CST);
}

long ctp_begin_ticks(int tid, uint64_t period_ns, struct ctp_ticks *ticks)
{
	/* Without SA_RESTART, so that a call which gives EINTR is seen to. */
	struct sigaction action = { .sa_handler = tick };
	struct sigevent event = { .sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGALRM };
	struct itimerspec period = { .it_interval.tv_sec = (time_t)(period_ns / 1000000000),
				     .it_interval.tv_nsec = (long)(period_ns % 1000000000) };
	int timer;
	long result;

	/* sigev_notify_thread_id, which not every C library names. */
	memcpy((char *)&event + 16, &tid, sizeof(tid));
	memset(ticks, 0, sizeof(*ticks));
	counts = ticks;
	last_ns = now_ns();
	if (sigaction(SIGALRM, &action, NULL))
		return -errno;
	result = crf_syscall6(__NR_timer_create, CLOCK_MONOTONIC, (uintptr_t)&event, (uintptr_t)&timer, 0, 0, 0);
	if (result)
		return result;
	period.it_value = period.it_interval;
	return crf_syscall6(__NR_timer_settime, (uintptr_t)timer, 0, (uintptr_t)&period, 0, 0, 0);
}
