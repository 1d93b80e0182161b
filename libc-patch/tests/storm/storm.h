/* SPDX-License-Identifier: MIT */
/*
 * A database with robust mutexes, as the storm uses it: two counters that one transaction changes together.
 */
#ifndef STORM_H
#define STORM_H

#include <stdbool.h>
#include <stdint.h>

struct counters {
	uint64_t left;
	uint64_t right;
};

/* True where the first process to open the database empties it, so that one has to keep it open. */
extern const bool store_is_emptied;

/*
 * Each of these ends the process with a message when the library fails. A process has the database open once at most; it
 * does not survive fork(2).
 */
void store_open(const char *directory);
void store_close(void);
struct counters store_read(void);
/* Adds one to both counters and returns what they were, after the transaction. */
struct counters store_increment(void);

/* Prints what failed, and ends the process. */
_Noreturn void storm_fail(const char *what, const char *why);

#endif
