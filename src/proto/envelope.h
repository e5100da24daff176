/* SPDX-License-Identifier: ISC */

#ifndef PROTO_ENVELOPE_H
#define PROTO_ENVELOPE_H

#include <stddef.h>

/* The envelope as qmail-queue reads it from descriptor 1 (proto/qq.h writes it):
 *
 *   F sender NUL   (T recipient NUL)*   NUL
 *
 * An address has at most ENVELOPE_ADDRESS_MAX bytes, any but NUL; there may be any number of recipients,
 * also none. Bytes behind the last NUL are not looked at. An envelope without its end is one that its
 * writer gave up. */

enum { ENVELOPE_ADDRESS_MAX = 1002 };

typedef enum envelope_status
{
	ENVELOPE_MORE,          /* all used, the end is still to come */
	ENVELOPE_DONE,
	ENVELOPE_TOOLONG,       /* an address is too long */
	ENVELOPE_BAD,           /* a record with another letter than F at the start, T after it */
} envelope_status;

typedef struct envelope
{
	int sender;             /* has begun: what follows are recipients */
	int inside;             /* of a record */
	size_t len;             /* bytes of its address so far */
} envelope;
#define ENVELOPE_ZERO { .sender = 0, .inside = 0, .len = 0 }

/* envelope_check: look at the next bytes. *used becomes how many of them are records, which go into todo/N
 * as they are: all with ENVELOPE_MORE, those before the NUL that ends the envelope with ENVELOPE_DONE.
 * No allocation. */
extern envelope_status envelope_check(envelope *e, char const *s, size_t n, size_t *used);

#endif
