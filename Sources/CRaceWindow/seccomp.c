/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "crw_seccomp.h"

#include <errno.h>
#include <linux/futex.h>
#include <seccomp.h>
#include <stdlib.h>

/* The operation without its modifiers: FUTEX_CMD_MASK leaves FUTEX_ROBUST_UNLOCK in on older headers. */
enum { OPERATION_MASK = 0x7f };

static int report_wake(scmp_filter_ctx filter, int number, uint64_t address, uint64_t alignment)
{
	return seccomp_rule_add(filter, SCMP_ACT_NOTIFY, number, 2,
				SCMP_A0(SCMP_CMP_MASKED_EQ, ~(alignment - 1), address),
				SCMP_A1(SCMP_CMP_MASKED_EQ, OPERATION_MASK, FUTEX_WAKE));
}

long crw_wake_filter(int fd, uint64_t address, uint64_t alignment)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
	int error;

	if (!filter)
		return -ENOMEM;
	/* An unknown ABI is let through as it is: killing it is not what this filter is for. */
	error = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ALLOW);
	if (!error)
		error = seccomp_arch_add(filter, SCMP_ARCH_X86);
	if (!error)
		error = report_wake(filter, SCMP_SYS(futex), address, alignment);
	/* 32-bit only: the same with 64-bit time. */
	if (!error)
		error = report_wake(filter, SCMP_SYS(futex_time64), address, alignment);
	if (!error)
		error = seccomp_export_bpf(filter, fd);
	seccomp_release(filter);
	return error;
}

long crw_seccomp_support(void)
{
	/* libseccomp's API level 5: SECCOMP_RET_USER_NOTIF, Linux 5.0. */
	return seccomp_api_get() >= 5 ? 0 : -ENOSYS;
}

long crw_receive_notification(int listener, uint64_t *id)
{
	struct seccomp_notif *notification = NULL;
	int error = seccomp_notify_alloc(&notification, NULL);

	if (!error)
		error = seccomp_notify_receive(listener, notification);
	if (!error)
		*id = notification->id;
	/* libseccomp's own way to give it back takes both halves. */
	seccomp_notify_free(notification, NULL);
	return error;
}

long crw_let_happen(int listener, uint64_t id)
{
	struct seccomp_notif_resp *response = NULL;
	int error = seccomp_notify_alloc(NULL, &response);

	if (!error) {
		response->id = id;
		response->flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
		error = seccomp_notify_respond(listener, response);
	}
	seccomp_notify_free(NULL, response);
	return error;
}
