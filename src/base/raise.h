/* SPDX-License-Identifier: ISC */

#ifndef BASE_RAISE_H
#define BASE_RAISE_H

#include <sys/resource.h>

/* Soft limits that are raised for what we have to do. What we start has the limit on descriptors that we were started
 * with, for there are programs that close all they may have, or use select(2). It has the raised one on processes, for
 * that counts all of a user's: where we needed more, a program that starts others would find none left. */

/* raise_limit: a soft limit (RLIMIT_NOFILE or RLIMIT_NPROC) becomes wanted, or as much as the hard one lets it; a higher
 * one stays. Returns what it is now. */
extern rlim_t raise_limit(int resource, rlim_t wanted);

/* raise_undo: the limit on descriptors, in a process that is about to become another program. Asks the kernel alone: it may be called behind
 * vfork (base/child.c does). Descriptors over the limit stay open until then, but no more can be opened. */
extern void raise_undo(void);

#endif
