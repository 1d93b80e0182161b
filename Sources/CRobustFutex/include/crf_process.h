/* SPDX-License-Identifier: MIT */
/* Small things around processes whose libc form is variadic or a macro, which Swift cannot import. */
#ifndef CRF_PROCESS_H
#define CRF_PROCESS_H

#include <stddef.h>
#include <stdint.h>

/* The kernel kills the calling process when the thread that forked it exits. -ESRCH: that one is gone already. */
long crf_die_with_parent(int parent_pid);

/* Lets all signals through to the calling thread and those that it starts, whatever it inherited. */
void crf_unblock_signals(void);

/* Counts the signal from now on, without SA_RESTART; how often it has come so far. -errno. */
long crf_count_signal(int signal);

/* Executes the program of a descriptor, which finds board and file (-1: none) under the numbers of crf_message.h. -errno. */
long crf_execute(int program, int board, int file);

/* fstatfs(2): which kind of file system the file is on, as <linux/magic.h> numbers them. -errno. */
long crf_file_system(int descriptor);

/* Whether a process may unshare(2) with these flags; found out in a child process. */
int crf_may_unshare(unsigned long flags);

/* Children of the calling process leave no zombie. */
void crf_reap_children_automatically(void);

/* Wait status of waitpid(2): the exit status, or -1 when a signal ended the process. */
int crf_exit_status(int wait_status);

/* Wait status of waitpid(2): the signal that ended the process, or 0. */
int crf_term_signal(int wait_status);

/* memmem(3), which glibc declares to _GNU_SOURCE only: the offset of the first needle, or -1. */
ptrdiff_t crf_find(const void *haystack, size_t length, const void *needle, size_t needle_length);

/* The vDSO's ELF header, or NULL when the kernel maps none: AT_SYSINFO_EHDR of getauxval(3). */
const void *crf_vdso(void);

#endif
