/* SPDX-License-Identifier: ISC */

#ifndef BASE_FEED_H
#define BASE_FEED_H

#include <stddef.h>
#include <sys/types.h>

/* Running a program on a text that we write to its standard input. */
typedef struct feed
{
	pid_t pid;
	int fd;                 /* -1: the program reads no more */
} feed;

/* feed_start: start argv[0], looked for along the path, with a pipe from us as its descriptor 0. 1, or 0 with
 * errno: it was not started. The caller ignores SIGPIPE. */
extern int feed_start(feed *f, char const *const *argv);

/* feed_put: more text. A program that ends before it has read all of it is no trouble: its exit code is what
 * counts. */
extern void feed_put(feed *f, char const *s, size_t n);

/* feed_copy: all that can still be read from fd. 1, or 0 with errno: then the program has been killed, and has
 * not seen an end of its input that it might take for the real one. */
extern int feed_copy(feed *f, int fd);

/* feed_end: end the text and wait for the program: 1 and *code, its exit code; 0 if a signal ended it; -1 with
 * errno if that cannot be told. */
extern int feed_end(feed *f, int *code);

#endif
