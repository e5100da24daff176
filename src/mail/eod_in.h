/* SPDX-License-Identifier: ISC */

#ifndef MAIL_EOD_IN_H
#define MAIL_EOD_IN_H

#include <stddef.h>

/* The body of an SMTP message as it comes in after DATA (RFC 5321 4.5.2): line ends become LF, the dot
 * that stuffs a line is taken off, and CR LF . CR LF ends it. Nothing else does: a CR alone is data, an
 * LF without CR before it is refused, so no other program can see an end of data where we see none. */

typedef enum
{
	EOD_IN_MORE,            /* everything was taken, the message goes on */
	EOD_IN_END,             /* the end of data was the last byte taken */
	EOD_IN_BARE_LF,         /* an LF without CR was the last byte taken; the message is not one */
} eod_in_status;

typedef struct eod_in
{
	unsigned int state;
	int bare_cr;            /* a CR without LF has become part of the message */
} eod_in;
/* The command line DATA ended in CR LF: we are at the start of a line. */
#define EOD_IN_ZERO { .state = 1, .bare_cr = 0 }

/* What was held back from the block before may come out with a block. */
enum { EOD_IN_ROOM = 2 };

/* eod_in_feed: take the next block s[0..n) of what the client sends.
 *
 * *used is how many bytes were taken: all of them, unless the status is EOD_IN_END or EOD_IN_BARE_LF.
 * The decoded message grows by out[0..*outlen); out has room for n + EOD_IN_ROOM bytes and does not
 * overlap s. How the stream was cut into blocks does not matter. After END or BARE_LF the machine must
 * not be fed again. No allocation, no errno. */
extern eod_in_status eod_in_feed(eod_in *m, char const *s, size_t n, size_t *used, char *out, size_t *outlen);

#endif
