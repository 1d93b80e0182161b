/* SPDX-License-Identifier: MIT */
/*
 * Machine code that a process can be made of, without a compiler or a C library for it at hand: wrapped into an ELF
 * header and written to a memfd it is executed. Position-independent, neither data nor relocations.
 */
#ifndef CTP_PROGRAM_H
#define CTP_PROGRAM_H

#include <stdint.h>

struct ctp_program {
	const void *code;
	uint64_t length;
};

/*
 * A program of 32 bits that carries out orders as a task does (ctp_task.h), of which it knows only
 * CTP_ORDER_SYSCALL with its own kind of system call. Its slot is the first of the board at CTP_DESCRIPTOR_BOARD.
 */
struct ctp_program ctp_program_32(void);

/* A program of 64 bits that waits until it is killed. */
struct ctp_program ctp_program_64(void);

#endif
