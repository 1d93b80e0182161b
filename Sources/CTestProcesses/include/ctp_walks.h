/* SPDX-License-Identifier: MIT */
/*
 * Counting how often a task walks the list of all processes, by a hardware breakpoint on its head: no option of the
 * kernel's but perf_event_open(2) is needed, no function has to be one of its own, and nobody else is slowed down. C,
 * because of the structure's bit fields.
 */
#ifndef CTP_WALKS_H
#define CTP_WALKS_H

#include <stdint.h>

/* The address of init_task, by /proc/kallsyms; 0 when it does not say. */
uintptr_t ctp_init_task(void);

/*
 * The address in init_task of the pointer to the first process: the word that a kill(2) of nobody (to all, signal 0) by the calling
 * thread reads, and nothing else does. 0 when no such place is found, as on a kernel without hardware breakpoints.
 */
uintptr_t ctp_process_list(uintptr_t init_task);

/*
 * A descriptor from which read(2) gives the count, of 64 bits, of accesses of the pointer there: by the task tid (0: the
 * calling thread) or, when that is -1, by whatever runs on the processor; or -errno. Of a task that exits nothing is
 * counted from a point on.
 */
long ctp_count_accesses(uintptr_t address, int tid, int processor);

#endif
