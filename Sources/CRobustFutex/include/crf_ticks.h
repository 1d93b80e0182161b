/* SPDX-License-Identifier: MIT */
/* An interval timer with a handler, and how late that runs. C, because a handler may run in a task without libc. */
#ifndef CRF_TICKS_H
#define CRF_TICKS_H

#include <stdint.h>

struct crf_ticks {
	uint64_t count;      /* how often the handler ran */
	uint64_t longest_ns; /* the longest time from one run to the next */
};

/*
 * From now on SIGALRM comes to the thread tid of this process every period_ns; the counts begin anew in *ticks, which
 * the handler goes on to write. -errno.
 */
long crf_begin_ticks(int tid, uint64_t period_ns, struct crf_ticks *ticks);

#endif
