/* SPDX-License-Identifier: MIT */
/*
 * A process that is in its robust list cleanup, and stays there until somebody lets it go on: its robust list head
 * lies in a page that userfaultfd(2) withholds. It is in exec rather than in exit, because userfaultfd(2) lets exiting
 * tasks pass; the state, the lock that is waited for, and the code are the same.
 */
#ifndef CRB_DRAIN_H
#define CRB_DRAIN_H

#include "crb_syscalls.h"

/* Asks for a userfaultfd(2) that handles the kernel's faults: 0 if it may, or -errno, as -EPERM. */
long crb_probe_userfaultfd(void);

/* Opaque. Never freed: jobs live as long as their process. */
struct crb_exec;

/* 0, or -errno. The range is of the file, which the process maps. */
long crb_make_exec(struct crb_exec **result, int file, struct crb_range range);

/* Starts the process; in the midst of its cleanup on return. The page is about to be given: see crb_drain(). */
long crb_begin_exec(void *exec);

/*
 * cleanup_robust_list(2), which has to wait for that cleanup. On one processor the thread that gives the page
 * gets it only when the caller sleeps: the caller is of SCHED_FIFO where it may. So what is measured is the call, three
 * changes of threads, the page given, and the rest of the cleanup.
 */
long crb_drain(void *exec);

/* Reaps the process. -EBADMSG when crb_drain() returned before the page was given. */
long crb_end_exec(void *exec);

#endif
