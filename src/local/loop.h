/* SPDX-License-Identifier: ISC */

#ifndef LOCAL_LOOP_H
#define LOCAL_LOOP_H

#include <stddef.h>

/* Has this message been here before? It has if its header holds our own Delivered-To line, byte for byte.
 * The header ends with a line of at most one byte, or where a last line has no newline. Lines are compared
 * as they go by and never kept: a line of any length costs nothing. */

typedef struct loop
{
	char const *line;       /* the line looked for, newline included */
	size_t len;
	size_t at;              /* bytes of the present line so far, counted up to len */
	int same;               /* they are those of the line looked for */
} loop;

typedef enum
{
	LOOP_MORE,              /* still in the header: feed on */
	LOOP_CLEAN,             /* the header is over without the line */
	LOOP_FOUND,
} loop_status;

/* loop_start: line[0..n) must stay as it is; it ends with its only newline. */
extern void loop_start(loop *l, char const *line, size_t n);
extern loop_status loop_feed(loop *l, char const *s, size_t n);

#endif
