/* SPDX-License-Identifier: ISC */

#ifndef BASE_IO_H
#define BASE_IO_H

#include <stddef.h>
#include <sys/types.h>

#include <skalibs/tai.h>

/* Reading and writing against an absolute deadline on the clock that nobody sets (CLOCK_MONOTONIC).
 * Call io_start once before any that is given a deadline; it makes skalibs' STAMP monotonic and current.
 * A null deadline waits for ever. ETIMEDOUT is the errno of a deadline that passed. */

extern int io_start(void);

/* io_deadline: *d becomes now + seconds; io_sooner: the earlier of two deadlines. */
extern void io_deadline(tain *d, unsigned int seconds);
extern tain const *io_sooner(tain const *a, tain const *b);

/* io_wait: until fd has one of the poll(2) events (or an error to report). 1, or -1 with errno. */
extern int io_wait(int fd, short events, tain const *deadline);

/* io_read: up to n bytes; 0 is end of file, -1 an error. EINTR is retried. Works on blocking and
 * non-blocking descriptors alike and never changes the descriptor's flags. */
extern ssize_t io_read(int fd, char *buf, size_t n, tain const *deadline);

/* io_write: all of s[0..n) before the deadline. 1, or 0 with errno (some bytes may have gone). On a
 * socket a peer that stops reading cannot hold us past the deadline. */
extern int io_write(int fd, char const *s, size_t n, tain const *deadline);

/* io_writeall: all of s[0..n) without a deadline, for files and pipes; EINTR and short writes are
 * handled. 1, or 0 with errno. */
extern int io_writeall(int fd, char const *s, size_t n);

/* io_has_reader: whether somebody could still read what we write to the pipe fd; also 1 for what is no pipe. */
extern int io_has_reader(int fd);

#endif
