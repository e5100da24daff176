/* SPDX-License-Identifier: ISC */

#ifndef PROTO_RESEND_H
#define PROTO_RESEND_H

#include <stddef.h>

/* Forwarding by a program in a .qmail file (forward(1), condredirect(1)): a Delivered-To line and the message
 * that is being delivered go into the queue once more, to others. */

/* resend_message: dtline is a whole line, the message is what fd holds from where it stands, recipients are
 * addresses as they go into the envelope.
 *
 * Returns as qq_close does: the empty string when the new message is on disk, and then its number in *qp;
 * else D or Z and why not, one line. The caller ignores SIGPIPE. */
extern char const *resend_message(int fd, char const *dtline, char const *sender, char const *const *recipients,
	size_t n, unsigned long *qp);

#endif
