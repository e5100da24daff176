/* SPDX-License-Identifier: ISC */

#ifndef QMQPC_SPOOL_H
#define QMQPC_SPOOL_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Bytes of unknown number that are written once and read as often as needed: QMQP wants to know the length of a
 * message before its first byte. A little is kept in memory; more goes into a file without a name in
 * /var/tmp or /tmp, or, on a host that has no such place, into memory of the kernel's. */

enum { SPOOL_MEMORY = 65536 };

typedef struct spool
{
	int fd;                 /* -1: all is in buf */
	uint64_t size;
	char buf[SPOOL_MEMORY];
} spool;

/* spool_start: an empty one. spool_put: append s[0..n): 1, or 0 with errno. */
extern void spool_start(spool *sp);
extern int spool_put(spool *sp, char const *s, size_t n);

/* spool_get: up to n bytes from the offset at. How many (0 at the end), or -1 with errno. */
extern ssize_t spool_get(spool const *sp, uint64_t at, char *s, size_t n);

#endif
