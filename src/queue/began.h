/* SPDX-License-Identifier: ISC */

#ifndef QUEUE_BEGAN_H
#define QUEUE_BEGAN_H

/* began_without: whether we were started with descriptor fd, 0 to 2, closed, although it is open now: to a setuid
 * program musl gives /dev/null for each that is missing, before main, and an empty message is what could be read
 * there. Another C library gives something that cannot be read: 0 for all. */
extern int began_without(int fd);

#endif
