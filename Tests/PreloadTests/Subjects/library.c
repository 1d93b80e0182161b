/* SPDX-License-Identifier: MIT */
/* A library that a program loads while it runs. */
#include <pthread.h>

int destroy_it(pthread_mutex_t *mutex)
{
	return pthread_mutex_destroy(mutex);
}
