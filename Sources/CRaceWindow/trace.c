/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "crw_trace.h"

#include <errno.h>
#include <linux/audit.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>

#ifndef __x86_64__
#error "registers are read as those of x86-64; add this architecture's to crw_get_registers()"
#endif

static long request(enum __ptrace_request what, int pid, uintptr_t address, uintptr_t data)
{
	return ptrace(what, pid, address, data) < 0 ? -errno : 0;
}

long crw_seize(int pid)
{
	return request(PTRACE_SEIZE, pid, 0, PTRACE_O_EXITKILL | PTRACE_O_TRACESYSGOOD);
}

long crw_interrupt(int pid)
{
	return request(PTRACE_INTERRUPT, pid, 0, 0);
}

long crw_step(int pid, int signal)
{
	return request(PTRACE_SINGLESTEP, pid, 0, (uintptr_t)signal);
}

long crw_to_syscall(int pid, int signal)
{
	return request(PTRACE_SYSCALL, pid, 0, (uintptr_t)signal);
}

long crw_resume(int pid, int signal)
{
	return request(PTRACE_CONT, pid, 0, (uintptr_t)signal);
}

/* __USER32_CS of arch/x86/include/asm/segment.h: the code segment of 32-bit programs. */
enum { CODE_SEGMENT_32 = 0x23 };

long crw_get_registers(int pid, struct crw_registers *registers)
{
	struct user_regs_struct all;
	long error = request(PTRACE_GETREGS, pid, 0, (uintptr_t)&all);

	if (!error)
		*registers = (struct crw_registers){ .instruction = all.rip,
						     .stack = all.rsp,
						     .is_32bit = all.cs == CODE_SEGMENT_32 };
	return error;
}

long crw_get_syscall(int pid, struct crw_syscall *syscall)
{
	struct __ptrace_syscall_info info = { 0 };

	if (ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof(info), &info) < 0)
		return -errno;
	*syscall = (struct crw_syscall){ .is_32bit = info.arch == AUDIT_ARCH_I386 };
	switch (info.op) {
	case PTRACE_SYSCALL_INFO_ENTRY:
		syscall->entry = true;
		syscall->number = info.entry.nr;
		memcpy(syscall->arguments, info.entry.args, sizeof(syscall->arguments));
		return 0;
	case PTRACE_SYSCALL_INFO_EXIT:
		syscall->result = info.exit.rval;
		return 0;
	}
	return -ENODATA;
}

bool crw_is_stopped(int status)
{
	return WIFSTOPPED(status);
}

int crw_stop_signal(int status)
{
	return WSTOPSIG(status) & 0x7f;
}

bool crw_is_event_stop(int status)
{
	return WIFSTOPPED(status) && status >> 16 == PTRACE_EVENT_STOP;
}

bool crw_is_syscall_stop(int status)
{
	return WIFSTOPPED(status) && WSTOPSIG(status) == (SIGTRAP | 0x80);
}
