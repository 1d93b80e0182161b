/* SPDX-License-Identifier: MIT */
/* C, because Swift has no way to take a file's text in at compile time that works in a static executable. */
#ifndef CRV_VICTIM_SOURCES_H
#define CRV_VICTIM_SOURCES_H

/* A file that the victim is built from; the first is the one to compile, for Boost with the second. */
struct crv_source {
	const char *name;
	const char *text;
};

enum { CRV_SOURCES = 5 };

extern const struct crv_source crv_sources[CRV_SOURCES];

#endif
