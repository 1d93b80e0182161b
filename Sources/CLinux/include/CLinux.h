// SPDX-License-Identifier: MIT
#ifndef CLINUX_H
#define CLINUX_H

// Why C: Swift's Glibc module leaves these system headers out. There is no code of our own
// behind them; the target exists so that their declarations can be imported.
#include <sys/pidfd.h>
#include <sys/reboot.h>
#include <sys/signalfd.h>
#include <sys/statfs.h>

#endif
