/* SPDX-License-Identifier: ISC */

#ifndef MAIL_CRLF_H
#define MAIL_CRLF_H

#include <stddef.h>

/* Text whose lines end in CR LF made into text whose lines end in LF, as the queue has it. A CR that no LF
 * follows and an LF that no CR precedes are data and stay. */
typedef struct crlf
{
	int cr;         /* the last byte was a CR, which has not been written yet */
} crlf;
#define CRLF_ZERO { .cr = 0 }

/* crlf_decode: the next block, in[0..n), into out, which has room for n + 1 bytes and does not overlap it. Returns how
 * many were written. The cut into blocks does not matter.
 * crlf_end: the text is over: at most one byte into out. Returns how many were written. */
extern size_t crlf_decode(crlf *t, char *out, char const *in, size_t n);
extern size_t crlf_end(crlf *t, char *out);

#endif
