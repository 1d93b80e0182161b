/* SPDX-License-Identifier: MIT */
/*
 * C, because libseccomp's rules are variadic, and its headers know notifications by macros.
 */
#ifndef CRW_SECCOMP_H
#define CRW_SECCOMP_H

#include <stddef.h>
#include <stdint.h>

/*
 * Writes to descriptor fd the filter that reports each FUTEX_WAKE, whatever its modifiers, on a word in the
 * `alignment` bytes (a power of two) at `address`, a multiple of it; of 32-bit code, too. 0 or -errno.
 */
long crw_wake_filter(int fd, uint64_t address, uint64_t alignment);

/* Asks for what crw_wake_filter() needs of the kernel: 0 if it has it, or -errno. */
long crw_seccomp_support(void);

/* Receives a notification that poll(2) has announced: its id through *id. 0 or -errno. */
long crw_receive_notification(int listener, uint64_t *id);

/* Lets the reported system call happen. 0 or -errno; -ENOENT: its caller is gone. */
long crw_let_happen(int listener, uint64_t id);

#endif
