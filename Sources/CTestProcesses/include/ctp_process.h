/* SPDX-License-Identifier: MIT */
/* Small things around processes whose libc form is variadic, a macro, or hidden by the overlay: Swift cannot import it. */
#ifndef CTP_PROCESS_H
#define CTP_PROCESS_H

/* The kernel kills the calling process when the thread that forked it exits. -ESRCH: that one is gone already. */
long ctp_die_with_parent(int parent_pid);

/* Lets all signals through to the calling thread and those that it starts, whatever it inherited. */
void ctp_unblock_signals(void);

/* Counts the signal from now on, without SA_RESTART; how often it has come so far. -errno. */
long ctp_count_signal(int signal);

/* Executes the program of a descriptor, which finds board and file (-1: none) under the numbers of ctp_message.h. -errno. */
long ctp_execute(int program, int board, int file);

/* fstatfs(2): which kind of file system the file is on, as <linux/magic.h> numbers them. -errno. */
long ctp_file_system(int descriptor);

/* True if a process may unshare(2) with these flags; tried in a child process. */
int ctp_may_unshare(unsigned long flags);

/* Children of the calling process leave no zombie. */
void ctp_reap_children_automatically(void);

/* fork(3), which Swift's overlay hides because threads and locks of the parent are gone in the child. */
int ctp_fork(void);

#endif
