/* SPDX-License-Identifier: ISC */

#ifndef INJECT_SINK_H
#define INJECT_SINK_H

#include <stddef.h>

#include "inject/fault.h"
#include "inject/recipients.h"
#include "proto/qq.h"

/* Where the message goes: the queue, or standard output. */
typedef struct sink
{
	int queue;
	int open;
	int failed;             /* standard output */
	int error;
	size_t n;
	char buf[8192];
	qq qq;
} sink;

/* sink_open: 1, or 0 and *f. sink_put, sink_puts: more of the message; trouble shows in sink_close. */
extern int sink_open(sink *k, int queue, fault *f);
extern void sink_put(sink *k, char const *s, size_t n);
extern void sink_puts(sink *k, char const *s);

/* sink_close: the message is complete; here are its sender and the lists that receive it (ended by
 * RECIPIENTS_LISTS). 1: it is in the queue or was printed; or 0 and *f.
 * sink_abandon: it is not complete and must not be sent. */
extern int sink_close(sink *k, char const *sender, recipients const *r, recipients_list const *lists, fault *f);
extern void sink_abandon(sink *k);

#endif
