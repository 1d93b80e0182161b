/* SPDX-License-Identifier: MIT */
/*
 * Numbers of the kernel's interfaces that Swift cannot import, because they are macros of macros or of casts. Their
 * values come from the kernel's headers, but for the tables of other ABIs, which this one's headers do not have.
 */
#ifndef CRF_NUMBERS_H
#define CRF_NUMBERS_H

#include <linux/loop.h>
#include <linux/magic.h>
#include <linux/memfd.h>
#include <linux/mman.h>
#include <linux/prctl.h>
#include <linux/sched.h>
#include <linux/userfaultfd.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>

static const long crf_nr_set_robust_list = __NR_set_robust_list;
static const long crf_nr_get_robust_list = __NR_get_robust_list;
static const long crf_nr_mprotect = __NR_mprotect;
static const long crf_nr_madvise = __NR_madvise;
static const long crf_nr_ioctl = __NR_ioctl;
static const long crf_nr_fcntl = __NR_fcntl;
static const long crf_nr_shmget = __NR_shmget;
static const long crf_nr_shmat = __NR_shmat;
static const long crf_nr_shmctl = __NR_shmctl;
static const long crf_nr_ptrace = __NR_ptrace;
static const long crf_nr_unshare = __NR_unshare;
static const long crf_nr_fork = __NR_fork;
static const long crf_nr_execveat = __NR_execveat;
static const long crf_nr_tgkill = __NR_tgkill;
static const long crf_nr_userfaultfd = __NR_userfaultfd;
static const long crf_nr_pidfd_getfd = __NR_pidfd_getfd;
static const long crf_nr_memfd_secret = __NR_memfd_secret;
static const long crf_nr_pkey_alloc = __NR_pkey_alloc;
static const long crf_nr_pkey_mprotect = __NR_pkey_mprotect;
static const long crf_nr_process_vm_readv = __NR_process_vm_readv;
static const long crf_nr_swapon = __NR_swapon;
static const long crf_nr_swapoff = __NR_swapoff;
static const long crf_nr_getpid = __NR_getpid;
static const long crf_nr_prctl = __NR_prctl;
static const long crf_nr_sched_setscheduler = __NR_sched_setscheduler;
static const long crf_nr_setresuid = __NR_setresuid;
static const long crf_nr_setresgid = __NR_setresgid;
static const long crf_nr_bpf = __NR_bpf;
static const long crf_nr_fallocate = __NR_fallocate;
static const long crf_nr_close = __NR_close;

/* arch/x86/entry/syscalls/syscall_64.tbl: x32 entries whose structures are those of 32 bits. */
enum { CRF_X32_BIT = 0x40000000, CRF_X32_SET_ROBUST_LIST = 530 };
/* arch/x86/entry/syscalls/syscall_32.tbl */
enum { CRF_32_EXIT = 1, CRF_32_MMAP2 = 192, CRF_32_SET_ROBUST_LIST = 311 };

static const unsigned long crf_uffdio_api = UFFDIO_API;
static const unsigned long crf_uffdio_register = UFFDIO_REGISTER;
static const unsigned long crf_uffdio_zeropage = UFFDIO_ZEROPAGE;
static const unsigned long crf_uffdio_writeprotect = UFFDIO_WRITEPROTECT;
static const uint64_t crf_uffd_api = UFFD_API;
static const uint64_t crf_uffd_event_fork = UFFD_FEATURE_EVENT_FORK;
static const uint64_t crf_uffd_missing = UFFDIO_REGISTER_MODE_MISSING;
static const uint64_t crf_uffd_wp = UFFDIO_REGISTER_MODE_WP;
static const uint64_t crf_uffd_wp_on = UFFDIO_WRITEPROTECT_MODE_WP;

static const unsigned long crf_new_pid_namespace = CLONE_NEWPID;
static const unsigned long crf_new_user_and_pid_namespace = CLONE_NEWUSER | CLONE_NEWPID;

static const unsigned long crf_pr_set_pdeathsig = PR_SET_PDEATHSIG;

static const unsigned int crf_mfd_hugetlb = MFD_HUGETLB;
/* <linux/fcntl.h>, which cannot be included beside the C library's. */
enum {
	CRF_AT_EMPTY_PATH = 0x1000,
	CRF_F_ADD_SEALS = 1033,
	CRF_F_SEAL_SEAL = 1,
	CRF_F_SEAL_SHRINK = 2,
	CRF_F_SEAL_GROW = 4,
	CRF_F_SEAL_FUTURE_WRITE = 0x10,
};

static const unsigned int crf_ptrace_seize = PTRACE_SEIZE;
static const unsigned int crf_ptrace_interrupt = PTRACE_INTERRUPT;
static const unsigned int crf_ptrace_detach = PTRACE_DETACH;

static const unsigned int crf_mfd_allow_sealing = MFD_ALLOW_SEALING;
static const int crf_map_32bit = MAP_32BIT;

#endif
