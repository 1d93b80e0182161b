/* SPDX-License-Identifier: MIT */
/* seccomp(2) filters, as containers have them. C, because a filter is written in macros. */
#ifndef CRF_FILTER_H
#define CRF_FILTER_H

/*
 * From now on cleanup_robust_list(2) gives error (as a positive number) to the calling thread and to those that it
 * starts. 0 or -errno. Cannot be undone.
 */
long crf_filter_cleanup(int error);

#endif
