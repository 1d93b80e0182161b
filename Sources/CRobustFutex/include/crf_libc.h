/* SPDX-License-Identifier: MIT */
/* Macros of libc's, and functions that it declares to _GNU_SOURCE only: Swift cannot import them. */
#ifndef CRF_LIBC_H
#define CRF_LIBC_H

#include <stddef.h>

/* Wait status of waitpid(2): the exit status, or -1 when a signal ended the process. */
int crf_exit_status(int wait_status);

/* Wait status of waitpid(2): the signal that ended the process, or 0. */
int crf_term_signal(int wait_status);

/* memmem(3): the offset of the first needle, or -1. */
ptrdiff_t crf_find(const void *haystack, size_t length, const void *needle, size_t needle_length);

/* The vDSO's ELF header, or NULL when the kernel maps none: AT_SYSINFO_EHDR of getauxval(3). */
const void *crf_vdso(void);

#endif
