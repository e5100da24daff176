/* SPDX-License-Identifier: ISC */

#ifndef MAIL_BOUNCE_H
#define MAIL_BOUNCE_H

#include <stddef.h>
#include <stdint.h>

#include <skalibs/stralloc.h>

/* The text of a bounce, byte for byte what mailing list managers have parsed since 1996 (QSBMF).
 *
 *   header, blank line, greeting      bounce_head
 *   a paragraph for each recipient    bounce_paragraph, kept in the queue until the message is done
 *   separator, Return-Path            bounce_foot
 *   the message as it was queued     all of it, or its first bytes and bounce_cut, or bounce_missing
 */

typedef struct bounce_letter
{
	int64_t date;           /* seconds since 1970 */
	char const *from;       /* box of the From field, unquoted */
	size_t fromlen;
	char const *host;       /* its host, and the name in the text */
	size_t hostlen;
	char const *to;         /* whole address, unquoted */
	size_t tolen;
	char const *sender;     /* of the message that bounces; empty: that is a bounce itself */
	size_t senderlen;
} bounce_letter;

/* bounce_head, bounce_foot: append to *sa. 0 when out of memory. */
extern int bounce_head(stralloc *sa, bounce_letter const *l);
extern int bounce_foot(stralloc *sa, bounce_letter const *l);

/* What stands in the place of the message, or of its end: bounce_cut, when only its beginning is copied: how many
 * bytes it had; bounce_missing, when there is nothing to copy. Append to *sa; 0 when out of memory. */
extern int bounce_cut(stralloc *sa, uint64_t size);
extern int bounce_missing(stralloc *sa);

/* bounce_paragraph: append what is to be told about one recipient: "<recipient>:", the text, a blank line.
 * A newline in the recipient becomes _; in the text, one that would make a blank line becomes /, so that
 * nothing a remote server says can end the list of recipients. (The last byte of the text is spared: a
 * text with two newlines at its end has always been shown with a second blank line.)
 * 0 when out of memory. */
extern int bounce_paragraph(stralloc *sa, char const *recipient, size_t recipientlen, char const *text, size_t n);

/* bounce_expired: append to the text of a last deferral, on a line of its own, that it was the last.
 * 0 when out of memory; then the same call may be made again. */
extern int bounce_expired(stralloc *text);

#endif
