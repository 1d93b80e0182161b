// SPDX-License-Identifier: MIT
#ifndef CGUESTINIT_H
#define CGUESTINIT_H

// In C because Swift's Glibc module leaves these system headers out.
#include <sys/reboot.h>
#include <sys/signalfd.h>

#endif
