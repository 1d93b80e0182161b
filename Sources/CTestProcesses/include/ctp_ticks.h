/* SPDX-License-Identifier: MIT */
/* An interval timer with a handler, and how late that runs. C, because a handler may run in a task without libc. */
#ifndef CTP_TICKS_H
#define CTP_TICKS_H

#include <stdint.h>

struct ctp_ticks {
	uint64_t count;      /* how often the handler ran */
	uint64_t longest_ns; /* the longest time from one run to the next */
};

/*
 * From now on SIGALRM comes to the thread tid of this process every period_ns; the counts begin anew in *ticks, which
 * the handler goes on to write. -errno.
 */
long ctp_begin_ticks(int tid, uint64_t period_ns, struct ctp_ticks *ticks);

#endif
