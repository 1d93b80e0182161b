/* SPDX-License-Identifier: MIT */
/* Samples of what an operation costs, and the question what the clock counts. */
#ifndef CRB_SAMPLE_H
#define CRB_SAMPLE_H

#include <stddef.h>
#include <stdint.h>

typedef long (*crb_operation)(void *context);

enum crb_clock {
	CRB_CLOCK_CYCLES,    /* the processor's time stamp counter: instructions in a guest that counts them */
	CRB_CLOCK_MONOTONIC, /* CLOCK_MONOTONIC, in nanoseconds */
};

struct crb_job {
	crb_operation prepare; /* before each sample, not measured; or NULL */
	crb_operation measure;
	crb_operation settle;  /* after each sample, not measured; or NULL */
	void *context;         /* of all three */
};

/*
 * Takes count samples. 0, or the first negative result of an operation, which ends the sampling: what failed has
 * no cost.
 */
long crb_sample(enum crb_clock clock, const struct crb_job *job, uint64_t *samples, size_t count);

/* Does nothing: what it seems to cost is the overhead of measuring. */
long crb_nothing(void *context);

/* Loops of a known number of instructions, of different kinds, so that no clock fits all of them by chance. */
enum crb_loop {
	CRB_LOOP_BRANCHES,
	CRB_LOOP_NOPS,
	CRB_LOOP_MULTIPLICATIONS,
	CRB_LOOPS,
};

/* Instructions of one round. */
unsigned int crb_loop_instructions(enum crb_loop loop);

/* Ticks of the time stamp counter that rounds (at least 1) rounds took. */
uint64_t crb_loop_ticks(enum crb_loop loop, uint64_t rounds);

#endif
