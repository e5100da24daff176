/* SPDX-License-Identifier: ISC */

#ifndef MAIL_HFIELD_H
#define MAIL_HFIELD_H

#include <stddef.h>

/* Header fields (qmail-header(5)). Names compare without regard to case; blanks may stand before the colon. */

typedef enum hfield
{
	HFIELD_OTHER,
	HFIELD_SENDER,
	HFIELD_FROM,
	HFIELD_REPLY_TO,
	HFIELD_TO,
	HFIELD_CC,
	HFIELD_BCC,
	HFIELD_DATE,
	HFIELD_MESSAGE_ID,
	HFIELD_RESENT_SENDER,
	HFIELD_RESENT_FROM,
	HFIELD_RESENT_REPLY_TO,
	HFIELD_RESENT_TO,
	HFIELD_RESENT_CC,
	HFIELD_RESENT_BCC,
	HFIELD_RESENT_DATE,
	HFIELD_RESENT_MESSAGE_ID,
	HFIELD_RETURN_RECEIPT_TO,
	HFIELD_ERRORS_TO,
	HFIELD_APPARENTLY_TO,
	HFIELD_RETURN_PATH,
	HFIELD_CONTENT_LENGTH,
	HFIELD_MAIL_FOLLOWUP_TO,
	HFIELD_NOTICE_REQUESTED,        /* Notice-Requested-Upon-Delivery-To */
	HFIELDS,
} hfield;

/* hfield_name: the length of the field name that s[0..n) starts with, blanks before the colon not counted; 0 if
 * that is no header field: no colon, no name, or a name with bytes other than 33 to 126. */
extern size_t hfield_name(char const *s, size_t n);

/* hfield_starts: whether a line of a header starts a field: it has a name, or is the From_ line of an mbox. */
extern int hfield_starts(char const *s, size_t n);

/* hfield_known: which field s[0..n) is. */
extern hfield hfield_known(char const *s, size_t n);

/* hfield_body: offset of what stands behind the colon and the white space after it; n if there is nothing. */
extern size_t hfield_body(char const *s, size_t n);

#endif
