/* SPDX-License-Identifier: ISC */

#ifndef LOCAL_MESSAGE_H
#define LOCAL_MESSAGE_H

#include <stddef.h>
#include <sys/types.h>

#include "outcome.h"

/* The message is on descriptor 0, a file. message_rewind: read it from its start again; 1, or 0 with *o set.
 * message_read: some of it, at most n bytes; 0 at its end, -1 with errno. */
extern int message_rewind(outcome *o);
extern ssize_t message_read(char *buf, size_t n);

#endif
