/* SPDX-License-Identifier: MIT */
/* The call, and well-known system calls to compare it with. Each is a crb_operation. */
#ifndef CRB_SYSCALLS_H
#define CRB_SYSCALLS_H

#include <stddef.h>
#include <stdint.h>

/* Context of crb_cleanup(). */
struct crb_range {
	uintptr_t address;
	size_t length;
	unsigned int flags;
};

/* cleanup_robust_list(2) */
long crb_cleanup(void *range);

/* Context of crb_set_pending() and crb_confirm_cleared(), with the range that crb_cleanup_match() cleans up. */
struct crb_match {
	struct crb_range range;
	int32_t tid;
	uintptr_t head;       /* its robust list head, in its own memory */
	uintptr_t lock_entry; /* what list_op_pending is set to */
};

/* Fills tid's head and the lock entry of the futex word at word (in tid's memory). 0 or -errno. */
long crb_aim(struct crb_match *match, int32_t tid, uintptr_t word);

/* The thread sits in the race window: its list_op_pending points to the word. Another process may be its. */
long crb_set_pending(void *match);
long crb_cleanup_match(void *match);

/* -EBADMSG when the pointer is still there: then what was measured was not the case that it should be. */
long crb_confirm_cleared(void *match);

long crb_getppid(void *unused);

/* FUTEX_WAKE of a word, as uint32_t *, for which nobody waits. */
long crb_wake_private(void *word);
long crb_wake_shared(void *word);

/* Context of crb_read_word(). */
struct crb_remote_word {
	int32_t pid;
	uintptr_t address;
};

/* process_vm_readv(2) of four bytes. */
long crb_read_word(void *remote_word);

/* membarrier(2), MEMBARRIER_CMD_PRIVATE_EXPEDITED, for which the process registers first. */
long crb_register_membarrier(void);
long crb_membarrier(void *unused);

#endif
