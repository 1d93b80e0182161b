/* SPDX-License-Identifier: MIT */
/*
 * Processes that call cleanup_robust_list(2) again and again, all at once. Each maps the same file, so that every
 * call visits all of them. In rounds, between which they sleep.
 */
#ifndef CRB_CALLERS_H
#define CRB_CALLERS_H

#include <stddef.h>
#include <stdint.h>

enum { CRB_MOST_CALLERS = 64 };

struct crb_callers;

/*
 * Forks count processes, which die with the calling thread's process and map length bytes of the file; of these the
 * first is what they clean up. 0 or -errno.
 */
long crb_start_callers(struct crb_callers **callers, unsigned int count, int file, size_t length);

int32_t crb_caller_pid(const struct crb_callers *callers, unsigned int index);

/*
 * Begins a round. Each of them has the kernel search all processes once, so that it can be seen that searches are
 * counted, and then calls until the round ends.
 */
void crb_begin_round(struct crb_callers *callers);

void crb_end_round(struct crb_callers *callers);

/* 1 when all sleep between two rounds, 0 when one does not, or what went wrong in one: -errno. */
long crb_callers_rest(const struct crb_callers *callers);

/* Calls that one has made, in all rounds; or what went wrong in it: -errno. */
int64_t crb_calls_made(const struct crb_callers *callers, unsigned int index);

/* Kills and reaps all, and frees. 0 or -errno. */
long crb_end_callers(struct crb_callers *callers);

#endif
