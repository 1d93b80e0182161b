/* SPDX-License-Identifier: MIT */
/*
 * C, because between fork(2) and execve(2) neither the Swift runtime nor anything that takes a lock may
 * run, and posix_spawn(3) knows neither PR_SET_PDEATHSIG nor seccomp(2).
 */
#ifndef CRW_SPAWN_H
#define CRW_SPAWN_H

#include <stdbool.h>
#include <stddef.h>

/* The start of a victim. Descriptors stay the caller's. */
struct crw_victim {
	const char *program; /* NULL: the calling process itself, forked */
	const char *loader;  /* the dynamic loader to start the program with, or NULL: the one that it names */
	const char *library_path; /* the directory where that one finds the C library */
	const char *preload; /* a shared object to be loaded before the program's own, or NULL */
	bool preload_cleans_unmapped; /* and to be asked for what is unmapped, too */
	int orders;          /* its end of the socket that becomes CRV_ORDERS */
	int memory;          /* becomes CRV_MEMORY */
	int helper_orders;   /* becomes CRV_HELPER_ORDERS */
	const void *filter;  /* struct sock_filter[], a seccomp filter with a listener, or NULL */
	size_t filter_bytes;
};

/*
 * Starts it: pid or -errno. It is killed when the calling *thread* ends. What keeps it from starting comes
 * as the answer to the first order. With a filter the listener comes before that answer, as the descriptor of
 * a message of one byte.
 */
long crw_spawn(const struct crw_victim *victim);

/* True if a dynamic loader has loaded the calling program: AT_BASE of getauxval(3). */
bool crw_has_loader(void);

/* Reaps the child if it has changed its state: its pid, 0 (it has not), or -errno. */
long crw_wait(int pid, int *status);

#endif
