/* SPDX-License-Identifier: MIT */
/*
 * ptrace(2): C, because it is variadic. Every call has to come from the thread that seized the tracee.
 */
#ifndef CRW_TRACE_H
#define CRW_TRACE_H

#include <stdbool.h>
#include <stdint.h>

/* The kernel kills the tracee when the tracer ends. */
long crw_seize(int pid);
long crw_interrupt(int pid);

/* Lets the tracee, which must be stopped, execute one instruction; run to the next system call stop; run. */
long crw_step(int pid, int signal);
long crw_to_syscall(int pid, int signal);
long crw_resume(int pid, int signal);

struct crw_registers {
	uint64_t instruction;
	uint64_t stack;
	bool is_32bit; /* executes 32-bit code */
};
long crw_get_registers(int pid, struct crw_registers *registers);

struct crw_syscall {
	bool entry; /* else exit, where number and arguments are 0 */
	bool is_32bit;
	uint64_t number;
	uint64_t arguments[6];
	int64_t result;
};
/* -ENODATA: the tracee is not stopped at a system call. */
long crw_get_syscall(int pid, struct crw_syscall *syscall);

/* Read the status that waitpid(2) gave for a tracee. */
bool crw_is_stopped(int status);
int crw_stop_signal(int status);
/* Stopped by PTRACE_INTERRUPT or a stop signal (PTRACE_EVENT_STOP). */
bool crw_is_event_stop(int status);
/* Stopped at a system call (PTRACE_O_TRACESYSGOOD). */
bool crw_is_syscall_stop(int status);

#endif
