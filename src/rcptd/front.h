/* SPDX-License-Identifier: ISC */

#ifndef RCPTD_FRONT_H
#define RCPTD_FRONT_H

#include <sys/types.h>

/* The part of qmail-rcptd that hears strangers, as qmaild and with nothing but control files to read: takes
 * questions, rewrites addresses as qmail-send does, keeps answers for some seconds, and asks the part that is root about
 * what is local and not known.
 *
 * Everything is bounded: connections, of which the one that has been silent for longest gives way, one question each;
 * the questions under way at the root part; the time until a question is answered, with a doubt if need be. */

enum { FRONT_CONNECTIONS = 900, FRONT_MILLISECONDS = 4000 };

/* front_run: serve the clients of listener that users[0..n) are, until the root part, at the other end of socket,
 * is gone. Gives the exit code. The current directory is the home. */
extern int front_run(int listener, int socket, uid_t const *users, size_t n);

#endif
