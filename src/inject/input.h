/* SPDX-License-Identifier: ISC */

#ifndef INJECT_INPUT_H
#define INJECT_INPUT_H

#include <stddef.h>

#include <skalibs/stralloc.h>

/* Reading the message. */
typedef struct input
{
	int fd;
	int at_end;
	size_t i, n;
	char buf[32768];
} input;

typedef enum input_status
{
	INPUT_ERROR = -1,       /* errno */
	INPUT_END = 0,
	INPUT_LINE = 1,
	INPUT_PART = 2,         /* the line goes on */
} input_status;

extern void input_init(input *in, int fd);

/* input_line: replace *sa by the next line, line end included; one is added to a last line without.
 * No more than max bytes are taken: INPUT_PART if the line is longer. */
extern input_status input_line(input *in, stralloc *sa, size_t max);

/* input_some: whatever comes next, in *s and *n, valid until the next call. INPUT_PART, INPUT_END or
 * INPUT_ERROR. */
extern input_status input_some(input *in, char const **s, size_t *n);

#endif
