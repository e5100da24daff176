/* SPDX-License-Identifier: ISC */

#ifndef MAIL_EOD_OUT_H
#define MAIL_EOD_OUT_H

#include <stddef.h>

/* A stored message (lines end with LF) as the DATA of an SMTP client (RFC 5321 4.5.2).
 *
 * LF becomes CR LF, CR LF stays one line end, and so does a CR before anything else: what leaves holds no
 * lone CR and no lone LF. Dots are doubled by what was sent before them, not by what was read: whatever
 * the next host may take for a line start, no line of the message is a single dot. */
typedef enum { EOD_OUT_START, EOD_OUT_MIDDLE, EOD_OUT_CR } eod_out_state;

typedef struct eod_out
{
	eod_out_state state;
} eod_out;
#define EOD_OUT_ZERO { .state = EOD_OUT_START }

/* Most that n bytes can become. */
#define EOD_OUT_ROOM(n) (2 * (n) + 2)

/* eod_out_feed: convert s[0..n) into out, which has room for EOD_OUT_ROOM(n); returns how much was put
 * there. */
extern size_t eod_out_feed(eod_out *e, char const *s, size_t n, char *out);

/* eod_out_end: after the last byte: the end of a last line that has none, and the final dot, go into out (room
 * for 5 bytes); returns how much was put there. */
enum { EOD_OUT_END_MAX = 5 };
extern size_t eod_out_end(eod_out *e, char *out);

#endif
