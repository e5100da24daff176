/* SPDX-License-Identifier: ISC */

#ifndef INJECT_HEADER_H
#define INJECT_HEADER_H

#include <skalibs/stralloc.h>

#include "inject/controls.h"
#include "inject/fault.h"
#include "inject/input.h"
#include "inject/recipients.h"
#include "inject/sender.h"
#include "mail/hfield.h"

/* The header of the message as it comes in: rewritten, and searched for sender and recipients. */
typedef struct header
{
	controls const *controls;
	identity const *identity;
	recipients *recipients;
	fault *fault;
	stralloc *sender;       /* null where a Return-Path field is no more welcome */
	stralloc text;          /* the fields that are kept, as they will be printed */
	stralloc body;          /* what was read of the body: its first line or less; empty: there is none */
	unsigned long seen;     /* bits by hfield */
} header;
#define HEADER_ZERO { .text = STRALLOC_ZERO, .body = STRALLOC_ZERO }

/* header_read: from *in up to the body. Set the pointers before. 1, or 0 and *fault.
 * A line that can be no field ends the header; then body starts with a blank line of our own. Where an empty line of
 * CR LF ends it, the lines of text lose their CR, too; those of the body do not.
 * A field that names recipients but not in a way that all can be told is left as it is, and the list that they
 * belong to has trouble; other fields of addresses must be readable. */
extern int header_read(header *h, input *in);

extern int header_has(header const *h, hfield which);

/* header_is_resent: whether any Resent- field makes this a message sent on (RFC 5322 3.6.6). */
extern int header_is_resent(header const *h);

/* header_field: treat one field, of which text holds the last n bytes, as its kind demands: note, rewrite,
 * take addresses, drop. header_read does this for each. 1, or 0 and *fault. */
extern int header_field(header *h, size_t n);

#endif
