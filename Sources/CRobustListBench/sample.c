/* SPDX-License-Identifier: MIT */
#include "crb_sample.h"

#include <time.h>

#ifndef __x86_64__
#error "the time stamp counter is read as on x86-64; add the instruction of this architecture to ticks()"
#endif

static inline uint64_t ticks(void)
{
	uint32_t low, high;

	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high) : : "memory");
	return (uint64_t)high << 32 | low;
}

static inline uint64_t nanoseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static inline uint64_t read_clock(enum crb_clock clock)
{
	return clock == CRB_CLOCK_CYCLES ? ticks() : nanoseconds();
}

long crb_sample(enum crb_clock clock, const struct crb_job *job, uint64_t *samples, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		long prepared = job->prepare ? job->prepare(job->context) : 0;

		if (prepared < 0)
			return prepared;
		uint64_t start = read_clock(clock);
		long result = job->measure(job->context);
		uint64_t end = read_clock(clock);

		if (result < 0)
			return result;
		samples[i] = end - start;
		long settled = job->settle ? job->settle(job->context) : 0;

		if (settled < 0)
			return settled;
	}
	return 0;
}

long crb_nothing(void *context)
{
	__asm__ volatile("" : : "r"(context) : "memory");
	return 0;
}

unsigned int crb_loop_instructions(enum crb_loop loop)
{
	switch (loop) {
	case CRB_LOOP_BRANCHES:
		return 2;
	case CRB_LOOP_NOPS:
		return 16;
	case CRB_LOOP_MULTIPLICATIONS:
		return 10;
	case CRB_LOOPS:
		break;
	}
	return 0;
}

/* Each round: the body, a decrement, a branch. */
#define LOOP(body, rounds) __asm__ volatile("1:\n\t" body "dec %0\n\tjnz 1b" : "+r"(rounds) : : "rax", "cc")

#define TWICE(instruction) instruction "\n\t" instruction "\n\t"
#define EIGHT(instruction) TWICE(instruction) TWICE(instruction) TWICE(instruction) TWICE(instruction)

uint64_t crb_loop_ticks(enum crb_loop loop, uint64_t rounds)
{
	uint64_t start = ticks();

	switch (loop) {
	case CRB_LOOP_BRANCHES:
		LOOP("", rounds);
		break;
	case CRB_LOOP_NOPS:
		LOOP(EIGHT("nop") TWICE("nop") TWICE("nop") TWICE("nop"), rounds);
		break;
	case CRB_LOOP_MULTIPLICATIONS:
		LOOP(EIGHT("imul %%rax, %%rax"), rounds);
		break;
	case CRB_LOOPS:
		break;
	}
	return ticks() - start;
}
