/* SPDX-License-Identifier: ISC */

#ifndef QUEUE_ROUTE_SPOOL_H
#define QUEUE_ROUTE_SPOOL_H

#include <stddef.h>

#include "proto/qq.h"

/* What came in on one descriptor, kept for the program that will read it. As much as fits a pipe goes into one; more
 * into a file without a name. No more than SPOOL_BLOCK bytes are ever in our memory. */

enum { SPOOL_BLOCK = 32768 };

typedef struct spool
{
	int fd;                 /* the file, or -1: all is in block */
	size_t n;               /* bytes in block that are not in the file */
	char block[SPOOL_BLOCK];
} spool;

/* spool_start: an empty one. spool_put: append s[0..n).
 * spool_finish: *fd becomes a descriptor that gives all of it, then its end.
 * QQ_OK; QQ_WRITE when the disk does not take it; QQ_NOMEM when there is no pipe or file to be had. */
extern void spool_start(spool *sp);
extern qq_exit spool_put(spool *sp, char const *s, size_t n);
extern qq_exit spool_finish(spool *sp, int *fd);

/* spool_copy: append all that can be read from fd. As spool_put, or QQ_READ. */
extern qq_exit spool_copy(spool *sp, int fd);

#endif
