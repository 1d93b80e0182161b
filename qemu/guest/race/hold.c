/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "race.h"

#include <elf.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

/* Waits for the stop that must follow, for this reason and no other: `signal`, and `event` above it. */
static void wait_for_stop(pid_t pid, int signal, int event, const char *what)
{
	int status = wait_for_change(pid, what);

	if (!WIFSTOPPED(status))
		broken("the unlocker ended (wait status 0x%x) instead of stopping for %s", status, what);
	/* A fault that is not passed on would come again and again, and look like a step each time. */
	if (WSTOPSIG(status) != signal || status >> 16 != event)
		broken("the unlocker stopped with signal %d, event %d, instead of for %s", WSTOPSIG(status), status >> 16, what);
}

void stop_victim(const struct victim *victim)
{
	time_t start = now();

	/* It has answered, and has not yet gone to read its next order. */
	while (state_of(victim) != 'S') {
		if (now() - start > LIMIT_SECONDS)
			broken("%s did not wait for orders within %d s", victim->role, LIMIT_SECONDS);
	}
	if (ptrace(PTRACE_SEIZE, victim->pid, NULL, (void *)PTRACE_O_TRACESYSGOOD))
		broken("PTRACE_SEIZE: %s", strerror(errno));
	if (ptrace(PTRACE_INTERRUPT, victim->pid, NULL, NULL))
		broken("PTRACE_INTERRUPT: %s", strerror(errno));
	wait_for_stop(victim->pid, SIGTRAP, PTRACE_EVENT_STOP, "PTRACE_INTERRUPT");
}

/* Loops, branches both ways, calls and returns; 0 if all of it went as it must. */
static __attribute__((noinline)) unsigned int twice(unsigned int value)
{
	return value % 3 ? value * 2 : value + value;
}

static int compute(void)
{
	volatile unsigned int sum = 0;

	for (unsigned int i = 0; i < 10; i++) {
		if (i & 1)
			sum += twice(i);
		else
			sum -= i;
	}
	return sum != 30;
}

const char *problem_with_steps(void)
{
	enum { MOST_STEPS = 100000 };
	pid_t pid = fork();
	int status;

	if (pid < 0)
		broken("fork: %s", strerror(errno));
	if (!pid) {
		if (ptrace(PTRACE_TRACEME, 0, NULL, NULL))
			_exit(2);
		raise(SIGSTOP);
		_exit(compute());
	}
	wait_for_stop(pid, SIGSTOP, 0, "its tracer");
	for (int steps = 0; steps < MOST_STEPS; steps++) {
		/* An architecture without it refuses the request (arch_has_single_step() of the kernel). */
		if (ptrace(PTRACE_SINGLESTEP, pid, NULL, NULL)) {
			kill(pid, SIGKILL);
			waitpid(pid, NULL, 0);
			return "the kernel does not single-step on this architecture";
		}
		status = wait_for_change(pid, "a step");
		if (WIFEXITED(status))
			return WEXITSTATUS(status) ? "single steps go wrong: the emulator loses branches" : NULL;
		if (!WIFSTOPPED(status) || WSTOPSIG(status) != SIGTRAP)
			break;
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return "single steps go wrong: the emulator loses branches";
}

void advance(const struct victim *victim, enum technique technique)
{
	if (technique == SINGLE_STEP && step_over_reservation(victim->pid))
		return;
	if (ptrace(technique == SINGLE_STEP ? PTRACE_SINGLESTEP : PTRACE_SYSCALL, victim->pid, NULL, NULL))
		broken("the unlocker cannot go on: %s", strerror(errno));
	if (technique == SINGLE_STEP)
		wait_for_stop(victim->pid, SIGTRAP, 0, "a single step");
	else
		wait_for_stop(victim->pid, SIGTRAP | 0x80, 0, "a system call");
}

#if defined(__aarch64__) || defined(__powerpc64__)

/*
 * The exception of a single step, among others, loses the reservation of these architectures. A loop of
 * load-and-reserve and store-conditional that is stepped through never ends, so it is gone through at once, to a breakpoint
 * behind it and to one at each place that it may be left for.
 */
enum { LONGEST_LOOP = 16 };

struct breakpoint {
	uint64_t address;
	uint32_t original;
};

static uint32_t load_instruction(pid_t pid, uint64_t address)
{
	uint32_t instruction;
	struct iovec local = { &instruction, sizeof(instruction) };
	struct iovec remote = { (void *)(uintptr_t)address, sizeof(instruction) };

	if (process_vm_readv(pid, &local, 1, &remote, 1, 0) != sizeof(instruction))
		broken("the instruction at 0x%llx cannot be read: %s", (unsigned long long)address, strerror(errno));
	return instruction;
}

static void store_instruction(pid_t pid, uint64_t address, uint32_t instruction)
{
	uint64_t aligned = address & ~7ULL;
	uint64_t word;

	errno = 0;
	word = (uint64_t)ptrace(PTRACE_PEEKTEXT, pid, (void *)aligned, NULL);
	if (errno)
		broken("PTRACE_PEEKTEXT: %s", strerror(errno));
	memcpy((char *)&word + (address - aligned), &instruction, sizeof(instruction));
	if (ptrace(PTRACE_POKETEXT, pid, (void *)aligned, (void *)word))
		broken("PTRACE_POKETEXT: %s", strerror(errno));
}

#ifdef __aarch64__

static const uint32_t trap = 0xd4200000; /* brk #0 */

static uint64_t instruction_pointer(pid_t pid)
{
	struct {
		uint64_t registers[31], stack, instruction, state;
	} all;
	struct iovec place = { &all, sizeof(all) };

	if (ptrace(PTRACE_GETREGSET, pid, (void *)NT_PRSTATUS, &place))
		broken("PTRACE_GETREGSET: %s", strerror(errno));
	return all.instruction;
}

/* Arm ARM, C4.1 "Load/store exclusive register": LDXR and LDAXR, STXR and STLXR. */
static bool reserves(uint32_t instruction)
{
	return (instruction & 0x3fe00000) == 0x08400000;
}

static bool stores_conditionally(uint32_t instruction)
{
	return (instruction & 0x3fe00000) == 0x08000000;
}

/* B.cond, CBZ and CBNZ, TBZ and TBNZ. */
static bool branches(uint32_t instruction, int64_t *distance)
{
	if ((instruction & 0xff000000) == 0x54000000 || (instruction & 0x7e000000) == 0x34000000) {
		*distance = (int32_t)(instruction << 8) >> 13 << 2;
		return true;
	}
	*distance = (int32_t)(instruction << 13) >> 18 << 2;
	return (instruction & 0x7e000000) == 0x36000000;
}

#else

static const uint32_t trap = 0x7fe00008; /* trap */

static uint64_t instruction_pointer(pid_t pid)
{
	enum { PT_NIP_INDEX = 32 };

	errno = 0;
	uint64_t pointer = (uint64_t)ptrace(PTRACE_PEEKUSER, pid, (void *)(PT_NIP_INDEX * sizeof(long)), NULL);

	if (errno)
		broken("PTRACE_PEEKUSER: %s", strerror(errno));
	return pointer;
}

/* Power ISA, 4.6.2: lwarx and ldarx, stwcx. and stdcx. */
static bool reserves(uint32_t instruction)
{
	return (instruction & 0xfc0007fe) == 0x7c000028 || (instruction & 0xfc0007fe) == 0x7c0000a8;
}

static bool stores_conditionally(uint32_t instruction)
{
	return (instruction & 0xfc0007ff) == 0x7c00012d || (instruction & 0xfc0007ff) == 0x7c0001ad;
}

/* bc, relative. */
static bool branches(uint32_t instruction, int64_t *distance)
{
	*distance = (int16_t)(instruction & 0xfffc);
	return (instruction & 0xfc000002) == 0x40000000;
}

#endif

/* Compilers put a loop's store in front of its load, too. */
static uint64_t behind_store(pid_t pid, uint64_t address)
{
	return stores_conditionally(load_instruction(pid, address)) ? address + 4 : address;
}

bool step_over_reservation(pid_t pid)
{
	struct breakpoint breakpoints[LONGEST_LOOP + 1];
	uint64_t start = instruction_pointer(pid);
	unsigned int count = 0;
	uint64_t end = 0;

	if (!reserves(load_instruction(pid, start)))
		return false;
	for (int i = 1; i < LONGEST_LOOP && !end; i++) {
		uint64_t address = start + 4 * (uint64_t)i;
		uint32_t instruction = load_instruction(pid, address);
		int64_t distance;

		if (stores_conditionally(instruction))
			end = address + 4;
		else if (branches(instruction, &distance) && address + (uint64_t)distance != start)
			breakpoints[count++].address = behind_store(pid, address + (uint64_t)distance);
	}
	if (!end && !count)
		broken("no store-conditional follows the load-and-reserve at 0x%llx", (unsigned long long)start);
	if (end)
		breakpoints[count++].address = end;
	for (unsigned int i = 0; i < count; i++) {
		breakpoints[i].original = load_instruction(pid, breakpoints[i].address);
		store_instruction(pid, breakpoints[i].address, trap);
	}
	if (ptrace(PTRACE_CONT, pid, NULL, NULL))
		broken("PTRACE_CONT: %s", strerror(errno));
	wait_for_stop(pid, SIGTRAP, 0, "the end of a load-and-reserve loop");
	/* The last one first: of two at the same place it is the first that read the original. */
	while (count--)
		store_instruction(pid, breakpoints[count].address, breakpoints[count].original);
	return true;
}

#else

bool step_over_reservation(pid_t pid)
{
	(void)pid;
	return false;
}

#endif
