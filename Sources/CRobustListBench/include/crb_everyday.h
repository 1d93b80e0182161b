/* SPDX-License-Identifier: MIT */
/* Everyday operations, which the call must not make dearer. Through libc, as everybody does them. */
#ifndef CRB_EVERYDAY_H
#define CRB_EVERYDAY_H

#include <stddef.h>

/* A robust mutex of libc, shared between processes, and a thread that contends for it. Opaque. */
struct crb_mutex;

/* NULL without memory, or when libc refuses. Never freed: jobs live as long as their process. */
struct crb_mutex *crb_make_mutex(void);
long crb_lock(void *mutex);
long crb_unlock(void *mutex);

/* A thread that takes the mutex when it is told, and lets it go. 0 or -errno. */
long crb_start_contender(struct crb_mutex *mutex);
/* Locks; the contender sleeps on the futex word on return. */
long crb_lock_contended(void *mutex);
/* Waits until the contender has had the mutex. */
long crb_await_contender(void *mutex);

/* pthread_create() and pthread_join() of a thread that does nothing. */
long crb_create_thread(void *unused);

/* fork(), _exit() there, waitpid(). */
long crb_fork(void *unused);

/* A program of three instructions, in a file without a name. Its descriptor, or -errno. */
long crb_make_program(void);
/* posix_spawn() of the program with that descriptor (int *), and waitpid(). */
long crb_spawn(void *descriptor);

/* The page that crb_map() mapped last. */
struct crb_page {
	void *address;
	size_t length;
};

/* mmap() of anonymous memory, also written to, and munmap(). */
long crb_map(void *page);
long crb_map_touched(void *page);
long crb_unmap(void *page);

/* set_robust_list(2) of the head that the thread has. */
long crb_register_head(void *unused);

#endif
