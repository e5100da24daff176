/* SPDX-License-Identifier: ISC */

#ifndef MEMORY_H
#define MEMORY_H

#include <skalibs/stralloc.h>

#include "fuzz.h"

/* A world without descriptors. memory.c takes the place of base/io.c, base/guard.c and proto/qq.c: what a
 * session reads from its client comes from here, what it says is kept here, and its messages go into a queue
 * that is a piece of memory. Everything in between is the code that is installed. */

typedef struct memory
{
	span in;                /* what the client still has to send */
	cut cut;                /* how it arrives */
	uint32_t state;
	stralloc out;           /* what was said to it */
	stralloc queued;        /* notes (fuzz_put): text, sender, how many recipients, each of them */
	size_t messages;        /* how many there are */
} memory;

extern memory memory_now;

/* memory_start: forget all, and let the client send in. memory_free: give the memory back. */
extern void memory_start(span in, cut c);
extern void memory_free(void);

/* memory_again: run has handled in at once and ended with end: byte by byte and in pieces it must end the same, and say
 * and queue the same. Then memory_free. */
extern void memory_again(span in, char const *relayclient, int (*run)(span in, cut c, char const *relayclient), int end);

#endif
