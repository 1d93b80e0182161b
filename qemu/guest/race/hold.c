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
#include <time.h>

static time_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec;
}

void wait_for_stop(pid_t pid, const char *what)
{
	time_t start = now();
	int status;
	pid_t result;

	while ((result = waitpid(pid, &status, __WALL | WNOHANG)) == 0) {
		const struct timespec pause = { .tv_nsec = 20000 };

		if (now() - start > LIMIT_SECONDS)
			broken("the unlocker did not stop within %d s: %s", LIMIT_SECONDS, what);
		nanosleep(&pause, NULL);
	}
	if (result < 0)
		broken("waitpid: %s", strerror(errno));
	if (!WIFSTOPPED(status))
		broken("the unlocker ended (wait status 0x%x): %s", status, what);
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
	wait_for_stop(victim->pid, "PTRACE_INTERRUPT");
}

bool has_technique(const struct victim *victim, enum technique technique)
{
	if (technique != SINGLE_STEP)
		return true;
	/* An architecture without it refuses the request (arch_has_single_step() of the kernel). */
	if (ptrace(PTRACE_SINGLESTEP, victim->pid, NULL, NULL))
		return false;
	wait_for_stop(victim->pid, "its first step");
	return true;
}

void advance(const struct victim *victim, enum technique technique)
{
	if (technique == SINGLE_STEP && step_over_reservation(victim->pid))
		return;
	if (ptrace(technique == SINGLE_STEP ? PTRACE_SINGLESTEP : PTRACE_SYSCALL, victim->pid, NULL, NULL))
		broken("the unlocker cannot go on: %s", strerror(errno));
	wait_for_stop(victim->pid, technique == SINGLE_STEP ? "a single step" : "a system call");
}

#if defined(__aarch64__) || defined(__powerpc64__)

/*
 * What the reservation of these architectures is lost by: the exception of a single step, among others. A loop of
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

bool step_over_reservation(pid_t pid)
{
	struct breakpoint breakpoints[LONGEST_LOOP];
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
			breakpoints[count++].address = address + (uint64_t)distance;
	}
	if (!end)
		broken("no store-conditional follows the load-and-reserve at 0x%llx", (unsigned long long)start);
	breakpoints[count++].address = end;
	for (unsigned int i = 0; i < count; i++) {
		breakpoints[i].original = load_instruction(pid, breakpoints[i].address);
		store_instruction(pid, breakpoints[i].address, trap);
	}
	if (ptrace(PTRACE_CONT, pid, NULL, NULL))
		broken("PTRACE_CONT: %s", strerror(errno));
	wait_for_stop(pid, "the end of a load-and-reserve loop");
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
