/* SPDX-License-Identifier: ISC */

#ifndef POP3D_WIRE_H
#define POP3D_WIRE_H

#include <stddef.h>

/* A stored message (lines end with LF) as a multi-line reply of POP3 (RFC 1939, 3): LF becomes CR LF, a dot
 * at the start of a line is doubled, and every other byte is what it was. */

typedef enum { WIRE_HEADER, WIRE_BODY, WIRE_ENOUGH } wire_part;

typedef struct wire
{
	wire_part part;         /* WIRE_ENOUGH: no more of the message is wanted */
	int middle;             /* of a line */
	size_t lines;           /* of the body that are still wanted */
} wire;

enum { WIRE_END_MAX = 5 };

/* Most that n bytes can become. */
#define WIRE_ROOM(n) (2 * (n))

/* wire_start: for the header, the empty line behind it, and as many lines of the body (SIZE_MAX: all). */
extern void wire_start(wire *w, size_t lines);

/* wire_feed: convert s[0..n) into out, which has room for WIRE_ROOM(n), up to the last line that is wanted;
 * returns how much was put there. */
extern size_t wire_feed(wire *w, char const *s, size_t n, char *out);

/* wire_end: after the last byte: the end of the last line, if it has none, and the final dot go into out
 * (WIRE_END_MAX bytes); returns how much was put there. */
extern size_t wire_end(wire *w, char *out);

#endif
