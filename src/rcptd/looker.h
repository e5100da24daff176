/* SPDX-License-Identifier: ISC */

#ifndef RCPTD_LOOKER_H
#define RCPTD_LOOKER_H

/* The part of qmail-rcptd that is root. It hears no stranger: a question is a number and a local address in a fixed
 * form (proto/rcptd.h), of which it looks at nothing else. A child finds out, for each: so many at once, each for
 * so long. A look that hangs, at a home on a server that is gone, is a doubt then, and its place is free again when it
 * is really over. */

enum { LOOKER_CHILDREN = 16, LOOKER_MILLISECONDS = 3000 };

/* looker_run: answer the questions on socket, a pair's end whose other end the process front holds, until that ends or
 * SIGTERM comes. Gives the exit code. The current directory is the home. Where something else delivers (elsewhere.h)
 * nobody looks: each answer is a doubt. */
extern int looker_run(int socket);

#endif
