/* SPDX-License-Identifier: MIT */
/*
 * The race, held on any architecture: what `robust-list-check race` does, as far as a guest needs it whose architecture has
 * no Swift. The victim is the same program, Sources/CRaceVictim/victim.c, built against the C libraries of the architecture.
 */
#ifndef GUEST_RACE_H
#define GUEST_RACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "race_victim.h"

/* Ends the program with status 2: nothing can be said about the race. */
void broken(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));

/* Seconds of a clock that nobody sets. */
time_t now(void);
/* Waits until a child stops or ends, for LIMIT_SECONDS at most. Returns its wait status. */
int wait_for_change(pid_t pid, const char *what);

/* A process that does as it is told. */
struct victim {
	const char *role;
	pid_t pid;
	int orders;
	uint64_t page; /* where it maps the memory */
	uint64_t lock;
	uint64_t head; /* its thread's robust list head */
	unsigned int pointer_bytes;
	unsigned int lock_bytes;
	char library[32];
};

void start_victim(struct victim *victim, const char *role, const char *program, int memory, uint64_t page);
void end_victim(struct victim *victim);
void send_order(struct victim *victim, enum crv_code code, const uint64_t arguments[4]);
bool has_answer(const struct victim *victim);
int64_t receive_answer(struct victim *victim, struct crv_answer *answer, const char *what);
/* Gives an order and returns what the library's function returned. */
int64_t order(struct victim *victim, enum crv_code code, uint64_t a, uint64_t b, uint64_t c, uint64_t d);
void order_returning(struct victim *victim, int64_t expected, const char *what, enum crv_code code, uint64_t a,
		     uint64_t b, uint64_t c, uint64_t d);
/* musl registers a thread's robust list when it takes its first robust lock. */
void find_head(struct victim *victim);
uint64_t load_pointer(const struct victim *victim, uint64_t address);
/* The entry that list_op_pending of the victim's thread names, without its lowest bit; 0 for none. */
uint64_t pending_operation(const struct victim *victim);
char state_of(const struct victim *victim);

/* The ways in which an unlocker is held. */
enum technique { SINGLE_STEP, SYSCALL_STOP, TECHNIQUES };

/* Stops the victim in its wait for orders. */
void stop_victim(const struct victim *victim);
/*
 * NULL where a process that is single-stepped does what it does otherwise: not every kernel can, and not every emulator
 * (QEMU 7.2 forgets to take relative branches on s390x; 10.0 does not).
 */
const char *problem_with_steps(void);
/* Goes on to the next boundary. */
void advance(const struct victim *victim, enum technique technique);
/* An instruction at which a step would never get past: the beginning of a load-and-reserve loop. Returns true if it went past it. */
bool step_over_reservation(pid_t pid);

/* One of the scenarios of `robust-list-check race`. */
struct scenario {
	const char *identifier;
	char unlocker[16];
	char program[256];
	bool contended;
	bool cleans; /* the destroyer makes the call */
	enum technique technique;
};

enum outcome { HELD, CORRUPTED, INTACT };

/* A place at which the unlocker was stopped, what was found there, and what became of it. */
struct boundary {
	uint32_t word;
	bool released; /* the word no longer names the unlocker */
	bool pending;  /* list_op_pending designates it */
	bool strange;  /* memory was written to in another way than the race does */
	enum outcome outcome;
	enum outcome required;
};

/* An unlock is a hundred instructions or two. */
enum { MOST_BOUNDARIES = 4096 };

struct result {
	struct boundary boundaries[MOST_BOUNDARIES];
	unsigned int count;
	const char *reason; /* why the scenario cannot run here, or NULL */
	char library[32];
	unsigned int pointer_bits;
	bool has_call;
	char detection[80];
	time_t start;
};

/* Writes the report of Sources/RaceReport as JSON. Returns 0, or ends the program. */
int write_report(const char *path, const struct scenario *scenario, const struct result *result);

/* Layout of the memory that both processes share. */
enum { MEMORY_BYTES = 4096, LOCK_OFFSET = 512 };

/* Limit of every wait. Under emulation, on a busy host, a second is not much. */
enum { LIMIT_SECONDS = 60 };

#endif
