/* SPDX-License-Identifier: MIT */
/*
 * Included before the victim's source to build it for a glibc older than 2.34 on x86-64, which had the functions of threads
 * in a library of their own, libpthread.so.0: binds them to the versions that those symbols had there. A newer glibc has
 * these versions, too, and links against them.
 */
#ifndef RACE_VICTIM_OLD_GLIBC_H
#define RACE_VICTIM_OLD_GLIBC_H

#define CRV_BIND(name, version) __asm__(".symver " #name "," #name "@GLIBC_" version)

CRV_BIND(pthread_create, "2.2.5");
CRV_BIND(pthread_mutex_consistent, "2.12");
CRV_BIND(pthread_mutex_trylock, "2.2.5");
CRV_BIND(pthread_mutexattr_init, "2.2.5");
CRV_BIND(pthread_mutexattr_setprotocol, "2.4");
CRV_BIND(pthread_mutexattr_setpshared, "2.2.5");
CRV_BIND(pthread_mutexattr_setrobust, "2.12");
CRV_BIND(pthread_mutexattr_settype, "2.2.5");

/*
 * The program's start is an object of the machine's glibc, which asks for the newest version; the linker is told to let it
 * call this one (--wrap). init and fini are NULL since 2.34: the victim has no constructors that would be missed.
 */
__asm__(".symver crv_start_main,__libc_start_main@GLIBC_2.2.5");
int crv_start_main(void *main, int argc, char **argv, void *init, void *fini, void *rtld_fini, void *stack_end);
int __wrap___libc_start_main(void *main, int argc, char **argv, void *init, void *fini, void *rtld_fini, void *stack_end);

int __wrap___libc_start_main(void *main, int argc, char **argv, void *init, void *fini, void *rtld_fini, void *stack_end)
{
	return crv_start_main(main, argc, argv, init, fini, rtld_fini, stack_end);
}

#endif
