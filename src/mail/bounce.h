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
 *   the message as it was queued
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

/* bounce_paragraph: append what is to be told about one recipient: "<recipient>:", the text, a blank line.
 * A newline in the recipient becomes _; in the text, one that would make a blank line becomes /, so that
 * nothing a remote server says can end the list of recipients. (The last byte of the text is spared: a
 * text with two newlines at its end has always been shown with a second blank line.)
 * 0 when out of memory. */
extern int bounce_paragraph(stralloc *sa, char const *recipient, size_t recipientlen, char const *text, size_t n);

#endif
