/* SPDX-License-Identifier: MIT */
/*
 * The text of the victim's own source: a machine that has a compiler and not this package can build victims
 * against the C libraries that it has.
 */
#include "victim_sources.h"

#pragma clang diagnostic ignored "-Wc23-extensions"

static const char victim_c[] = {
#embed "victim.c" suffix(, 0)
};

static const char boost_cpp[] = {
#embed "boost.cpp" suffix(, 0)
};

static const char locks_h[] = {
#embed "locks.h" suffix(, 0)
};

static const char race_victim_h[] = {
#embed "include/race_victim.h" suffix(, 0)
};

static const char old_glibc_h[] = {
#embed "old_glibc.h" suffix(, 0)
};

const struct crv_source crv_sources[CRV_SOURCES] = {
	{ "victim.c", victim_c },
	{ "boost.cpp", boost_cpp },
	{ "locks.h", locks_h },
	{ "race_victim.h", race_victim_h },
	{ "old_glibc.h", old_glibc_h },
};
