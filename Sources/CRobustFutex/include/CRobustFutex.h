/* SPDX-License-Identifier: MIT */
#ifndef C_ROBUST_FUTEX_H
#define C_ROBUST_FUTEX_H
#endif
