/* SPDX-License-Identifier: MIT */
/*
 * System calls that libc does not wrap, or wraps in a way that hides what the kernel said.
 *
 * C, because the instruction itself is needed: syscall(3) writes errno into the thread-local storage
 * of the caller, and a task made with CLONE_VM alone uses the storage of the task that made it.
 */
#ifndef CRF_SYSCALLS_H
#define CRF_SYSCALLS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>
#include "crf_layout.h"

/* The one place for the number, until the C library's headers know it. */
#include <sys/syscall.h>
#ifndef __NR_cleanup_robust_list
#define __NR_cleanup_robust_list 473
#endif
static const long crf_nr_cleanup_robust_list = __NR_cleanup_robust_list;
static const long crf_nr_futex = __NR_futex;
#include "crf_numbers.h"

/*
 * The six arguments are always passed: when the number belongs to another system call than was thought, that one
 * must not find leftovers of registers in them.
 */
long crf_syscall6(long number, uintptr_t a, uintptr_t b, uintptr_t c, uintptr_t d, uintptr_t e, uintptr_t f);

/*
 * int $0x80: the system call of 32 bits of that number, with the lower halves of the arguments. SIGSEGV on a
 * kernel without them: see crf_has_int80().
 */
long crf_int80(long number, uintptr_t a, uintptr_t b, uintptr_t c, uintptr_t d, uintptr_t e);

/* True if the kernel has system calls of 32 bits; tried in a child process. */
int crf_has_int80(void);

/*
 * cleanup_robust_list(2): 0 or -errno. addr is a number: addresses that no pointer may hold are tested.
 *
 * The argument registers that it does not use are all ones. Where the number is that of set_robust_list2(2), which
 * has flags there, it refuses to register addr, or to take a list away, for flags that it does not know.
 */
long crf_cleanup_robust_list(uintptr_t addr, size_t len, unsigned int flags);

/* set_robust_list(2) for the calling thread: 0 or -errno. NULL unregisters. */
long crf_set_robust_list(struct crf_robust_list_head *head);

/* get_robust_list(2): the head's address in the address space of tid (0: the calling thread) through *head. */
long crf_get_robust_list(int tid, uintptr_t *head);

/* futex(2) on a word that processes may share. timeout: relative for FUTEX_WAIT; NULL: none. */
long crf_futex(uint32_t *word, int operation, uint32_t value, const struct timespec *timeout, void *second,
	       uint32_t value3);

/* process_vm_readv(2) of one range: bytes read, or -errno. Needs ptrace access to pid. */
long crf_read_memory(int pid, uintptr_t address, void *into, size_t length);

/* process_vm_writev(2) of one range: bytes written, or -errno. Needs ptrace access to pid. */
long crf_write_memory(int pid, uintptr_t address, const void *from, size_t length);

/* mmap(2): the address, or -errno. C, because MAP_FAILED and the protection macros mix types. */
long crf_mmap(uintptr_t address, size_t length, int protection, int flags, int fd, off_t offset);
long crf_munmap(uintptr_t address, size_t length);

long crf_memfd_create(const char *name, unsigned int flags);
long crf_pidfd_open(int pid);

/* Through a pidfd a signal cannot hit a stranger that got the number of a process that is gone. */
long crf_pidfd_send_signal(int pidfd, int signal);

long crf_gettid(void);

/* _exit of the calling thread only, with nothing of libc in between. */
_Noreturn void crf_exit_thread(int status);

#endif
