/* SPDX-License-Identifier: ISC */

#include "mail/bounce.h"

#include <skalibs/types.h>

#include "mail/date822.h"
#include "mail/quote.h"

static int put_date(stralloc *sa, int64_t t)
{
	char date[DATE822_FMT];

	return stralloc_catb(sa, date, date822_fmt(date, t));
}

int bounce_head(stralloc *sa, bounce_letter const *l)
{
	return stralloc_cats(sa, "Date: ") && put_date(sa, l->date)
		&& stralloc_cats(sa, "\nFrom: ") && quote_box(sa, l->from, l->fromlen)
		&& stralloc_append(sa, '@') && stralloc_catb(sa, l->host, l->hostlen)
		&& stralloc_cats(sa, "\nTo: ") && quote_address(sa, l->to, l->tolen)
		&& stralloc_cats(sa, "\nSubject: failure notice\n\nHi. This is the qmail-send program at ")
		&& stralloc_catb(sa, l->host, l->hostlen)
		&& stralloc_cats(sa, l->senderlen
			? ".\nI'm afraid I wasn't able to deliver your message to the following addresses.\n"
			  "This is a permanent error; I've given up. Sorry it didn't work out.\n\n"
			: ".\nI tried to deliver a bounce message to this address, but the bounce bounced!\n\n");
}

int bounce_foot(stralloc *sa, bounce_letter const *l)
{
	return stralloc_cats(sa, l->senderlen
			? "--- Below this line is a copy of the message.\n\nReturn-Path: <"
			: "--- Below this line is the original bounce.\n\nReturn-Path: <")
		&& quote_address(sa, l->sender, l->senderlen)
		&& stralloc_cats(sa, ">\n");
}

int bounce_cut(stralloc *sa, uint64_t size)
{
	char fmt[UINT64_FMT];

	return stralloc_cats(sa, "\n--- The message was longer: ")
		&& stralloc_catb(sa, fmt, uint64_fmt(fmt, size))
		&& stralloc_cats(sa, " bytes in all.\n");
}

int bounce_missing(stralloc *sa)
{
	return stralloc_cats(sa, "\n--- The text of the message is lost: there is no copy of it in the queue.\n");
}

int bounce_expired(stralloc *text)
{
	if (text->len && text->s[text->len - 1] != '\n' && !stralloc_append(text, '\n'))
		return 0;
	return stralloc_cats(text, "I'm not going to try again; this message has been in the queue too long.\n");
}

int bounce_paragraph(stralloc *sa, char const *recipient, size_t recipientlen, char const *text, size_t n)
{
	size_t start = sa->len;
	size_t i;

	if (!stralloc_append(sa, '<'))
		return 0;
	for (i = 0; i < recipientlen; i++)
		if (!stralloc_append(sa, recipient[i] == '\n' ? '_' : recipient[i]))
			return 0;
	if (!stralloc_cats(sa, ">:\n"))
		return 0;
	if (n && !stralloc_catb(sa, text, n))
		return 0;
	if (n && text[n - 1] != '\n' && !stralloc_append(sa, '\n'))
		return 0;
	/* From the right, so that each newline is compared with what stood before it. */
	for (i = sa->len - 2; i > start; i--)
		if (sa->s[i] == '\n' && sa->s[i - 1] == '\n')
			sa->s[i] = '/';
	return stralloc_append(sa, '\n');
}
