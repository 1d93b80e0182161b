/* SPDX-License-Identifier: MIT */
/*
 * PID 1 of a guest of any architecture: prepares the file systems, runs one command for the host, restarts, at which QEMU
 * ends. It is C, as no Swift runtime exists for most of the architectures that the kernel series is tested on.
 *
 * Its messages to the host and from it are in Sources/GuestProtocol.
 */
#ifndef GUEST_INIT_H
#define GUEST_INIT_H

#include <limits.h>
#include <stddef.h>
#include <sys/types.h>

#include "message.h"

/* Tells the host, and the console, what init cannot go on without, and ends the machine. */
void fail(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));
/* The same for a system call that has just failed: with what errno says. */
void fail_call(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));

/* Mounts the image's own file systems. */
void prepare_image(void);
/* Makes what the command will see as `/`, and enters it. */
void enter_root(const struct message *request);
void make_directories(const char *path);

/* The ports of Sources/GuestProtocol/Names.swift. */
int open_port(const char *name);
void write_all(int file, const void *data, size_t length);
/* At most one read(2); returns false when that brought nothing. `ended` is set at the end of the file. */
int read_some(int file, struct bytes *into, int *ended);

/* The control port. Its file is -1 until it is opened. */
extern int control;
void open_control(void);
void send_message(struct bytes *message);
void receive_message(struct message *message);
/* Reads what has come. */
void read_control(void);
/* The next whole message of what was read; false when there is none. */
int next_message(struct message *message);
void wait_for_farewell(void);

/* Runs the command to its end and reports that; returns false when the host does not wait for the end. */
int run_command(const struct message *request);

/* A pseudo terminal of which init holds the other end. `window` is as in 80x24. */
struct terminal {
	int master;
	char path[32];
	struct bytes pending; /* keys that the command has had no room for */
};

void open_terminal(struct terminal *terminal, const char *window);
/* Does at the terminal what happened at the user's. */
void tell_terminal(struct terminal *terminal, const struct message *event);
void flush_terminal(struct terminal *terminal);

#endif
