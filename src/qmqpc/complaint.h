/* SPDX-License-Identifier: ISC */

#ifndef QMQPC_COMPLAINT_H
#define QMQPC_COMPLAINT_H

#include <stddef.h>

/* The pipe on which a caller takes a text for the sender (proto/qq.h), if it has given us one. */

/* complaint_find: the first of $ERROR_FD, 6 and 4 that is a pipe to write to, or -1. To be called before
 * anything else is opened. */
extern int complaint_find(void);

/* complaint_make: write the letter (D or Z) and text[0..n). 1 if the caller has a text now, 0 if not: fd is -1, or
 * the text is too short to be one. */
extern int complaint_make(int fd, char letter, char const *text, size_t n);

#endif
