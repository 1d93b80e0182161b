/* SPDX-License-Identifier: MIT */
/* A file system whose one file never gives its contents. C, because the kernel's header is the protocol. */
#ifndef CTP_FUSE_H
#define CTP_FUSE_H

#include <stdint.h>

/* Of the file, in bytes. */
enum { CTP_FUSE_FILE_BYTES = 65536 };

/*
 * Answers the kernel's requests on a descriptor of /dev/fuse that was mounted with a regular file as its root, until
 * the mount ends; 0, or -errno when reading fails otherwise. The first failures reads of the file fail with EIO; those
 * after it are never answered. *reads counts those that came.
 */
long ctp_fuse_serve(int descriptor, uint32_t failures, uint32_t *reads);

#endif
