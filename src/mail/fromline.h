/* SPDX-License-Identifier: ISC */

#ifndef MAIL_FROMLINE_H
#define MAIL_FROMLINE_H

#include <stddef.h>
#include <stdint.h>

#include <skalibs/stralloc.h>

/* Message text as it stands in an mbox (mbox(5)): a line that consists of any number of > and then
 * "From " gets one > more, so that a reader can undo it. Nothing else changes. */

typedef struct fromline
{
	int at_start;           /* only > so far in this line */
	size_t held;            /* bytes of "From " seen and not yet put out */
	int ended;              /* the last byte was a newline, or there was none */
} fromline;
#define FROMLINE_ZERO { .at_start = 1, .held = 0, .ended = 1 }

/* FROMLINE_ROOM: the most that n bytes in can put out. A line of 5 gains one byte, and 4 may be held. */
#define FROMLINE_ROOM(n) ((n) + (n) / 5 + 8)

/* fromline_feed: the next piece of a message, s[0..n), quoted into out, which has FROMLINE_ROOM(n) bytes.
 * Returns how many were put out. Pieces may be cut anywhere. No allocation. */
extern size_t fromline_feed(fromline *f, char *out, char const *s, size_t n);

/* fromline_end: the message is over: what was held, and a newline if its last line lacks one. */
extern size_t fromline_end(fromline *f, char *out);

/* fromline_cat: append the line that starts a message in an mbox, with its line end: the sender, n bytes, as one
 * word (blanks become dashes; MAILER-DAEMON for none), and a time. 0: no memory. */
extern int fromline_cat(stralloc *sa, char const *sender, size_t n, int64_t t);

/* fromline_restore: the same for a message that qmail-local has stored: s[0..n) starts with its first line, which
 * is Return-Path. XXX stands for a sender that cannot be told from it. */
extern int fromline_restore(stralloc *sa, char const *s, size_t n, int64_t t);

#endif
