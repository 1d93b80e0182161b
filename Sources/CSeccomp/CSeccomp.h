/* SPDX-License-Identifier: MIT */
/* libseccomp, of the machine: Debian's libseccomp-dev. */
#include <seccomp.h>
