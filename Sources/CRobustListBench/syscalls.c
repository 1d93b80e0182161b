/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "crb_syscalls.h"

#include <errno.h>
#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include "CRobustFutex.h"

static long cleanup(const struct crb_range *range)
{
	return crf_cleanup_robust_list(range->address, range->length, range->flags);
}

long crb_cleanup(void *range)
{
	return cleanup(range);
}

long crb_cleanup_match(void *match)
{
	return cleanup(&((const struct crb_match *)match)->range);
}

long crb_aim(struct crb_match *match, int32_t tid, uintptr_t word)
{
	struct crf_robust_list_head head;
	long result = crf_get_robust_list(tid, &match->head);

	if (result < 0)
		return result;
	if (!match->head)
		return -ENOENT;
	result = crf_read_memory(tid, match->head, &head, sizeof(head));
	if (result < 0)
		return result;
	match->tid = tid;
	match->lock_entry = word - (uintptr_t)head.futex_offset;
	return 0;
}

static uintptr_t pending_of(const struct crb_match *match)
{
	return match->head + offsetof(struct crf_robust_list_head, list_op_pending);
}

long crb_set_pending(void *context)
{
	const struct crb_match *match = context;
	struct iovec local = { .iov_base = (void *)&match->lock_entry, .iov_len = sizeof(match->lock_entry) };
	struct iovec remote = { .iov_base = (void *)pending_of(match), .iov_len = sizeof(match->lock_entry) };

	return crf_syscall6(__NR_process_vm_writev, (uintptr_t)match->tid, (uintptr_t)&local, 1,
			    (uintptr_t)&remote, 1, 0);
}

long crb_confirm_cleared(void *context)
{
	const struct crb_match *match = context;
	uintptr_t pending;
	long result = crf_read_memory(match->tid, pending_of(match), &pending, sizeof(pending));

	if (result < 0)
		return result;
	return pending ? -EBADMSG : 0;
}

long crb_getppid(void *unused)
{
	(void)unused;
	return crf_syscall6(__NR_getppid, 0, 0, 0, 0, 0, 0);
}

long crb_wake_private(void *word)
{
	return crf_futex(word, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, 1, NULL, NULL, 0);
}

long crb_wake_shared(void *word)
{
	return crf_futex(word, FUTEX_WAKE, 1, NULL, NULL, 0);
}

long crb_read_word(void *context)
{
	const struct crb_remote_word *word = context;
	uint32_t value;

	return crf_read_memory(word->pid, word->address, &value, sizeof(value));
}

long crb_register_membarrier(void)
{
	return crf_syscall6(__NR_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0, 0, 0, 0);
}

long crb_membarrier(void *unused)
{
	(void)unused;
	return crf_syscall6(__NR_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0, 0, 0, 0);
}
