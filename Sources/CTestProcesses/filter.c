/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "ctp_filter.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include "crf_syscalls.h"

static const unsigned int actions[] = {
	[CTP_FILTER_ERROR] = SECCOMP_RET_ERRNO,
	[CTP_FILTER_TRAP] = SECCOMP_RET_TRAP,
	[CTP_FILTER_KILL_THREAD] = SECCOMP_RET_KILL_THREAD,
	[CTP_FILTER_KILL_PROCESS] = SECCOMP_RET_KILL_PROCESS,
	[CTP_FILTER_SUPERVISE] = SECCOMP_RET_USER_NOTIF,
};

long ctp_filter_cleanup(int error)
{
	return ctp_filter_cleanup_by(CTP_FILTER_ERROR, error);
}

long ctp_filter_cleanup_by(enum ctp_filter_action action, int error)
{
	struct sock_filter instructions[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_cleanup_robust_list, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, actions[action] | ((unsigned int)error & SECCOMP_RET_DATA)),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { .len = sizeof(instructions) / sizeof(instructions[0]), .filter = instructions };
	uintptr_t flags = action == CTP_FILTER_SUPERVISE ? SECCOMP_FILTER_FLAG_NEW_LISTENER : 0;
	/* Without privilege a filter may be set only by who can gain none any more. */
	long result = crf_syscall6(__NR_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0, 0);

	return result ? result : crf_syscall6(__NR_seccomp, SECCOMP_SET_MODE_FILTER, flags, (uintptr_t)&program, 0, 0, 0);
}

long ctp_receive_call(int listener, struct ctp_supervised_call *call)
{
	struct seccomp_notif notification = { 0 };
	long result = crf_syscall6(__NR_ioctl, (uintptr_t)listener, SECCOMP_IOCTL_NOTIF_RECV, (uintptr_t)&notification,
				   0, 0, 0);

	*call = (struct ctp_supervised_call){ .id = notification.id, .tid = notification.pid };
	for (int index = 0; index < 6; index++)
		call->arguments[index] = notification.data.args[index];
	return result;
}

long ctp_answer_call(int listener, uint64_t id, int64_t result)
{
	struct seccomp_notif_resp response = { .id = id };

	/* The kernel takes 0 for an error as none. */
	if (result < 0)
		response.error = (int32_t)result;
	else
		response.val = result;
	return crf_syscall6(__NR_ioctl, (uintptr_t)listener, SECCOMP_IOCTL_NOTIF_SEND, (uintptr_t)&response, 0, 0, 0);
}
