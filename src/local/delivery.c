/* SPDX-License-Identifier: ISC */

#include "delivery.h"

#include <string.h>
#include <unistd.h>

#include <skalibs/allreadwrite.h>

#include "mail/date822.h"
#include "mail/quote.h"
#include "route/extension.h"

static int end_line(stralloc *sa)
{
	size_t i;

	/* One line it must stay: what follows a newline would be a header field of the sender's making. */
	for (i = 0; i < sa->len; i++)
		if (sa->s[i] == '\n')
			sa->s[i] = '_';
	if (!stralloc_append(sa, '\n') || !stralloc_0(sa))
		return 0;
	sa->len--;
	return 1;
}

static int return_path(stralloc *sa, char const *sender)
{
	return stralloc_copys(sa, "Return-Path: <")
		&& quote_address(sa, sender, strlen(sender))
		&& stralloc_append(sa, '>')
		&& end_line(sa);
}

static int delivered_to(stralloc *sa, char const *local, char const *host)
{
	return stralloc_copys(sa, "Delivered-To: ")
		&& stralloc_cats(sa, local)
		&& stralloc_append(sa, '@')
		&& stralloc_cats(sa, host)
		&& end_line(sa);
}

/* The sender must be one word here: readers of an mbox take the second one of the line for it. */
static int from_line(stralloc *sa, char const *sender, int64_t now)
{
	char date[DATE_CTIME_FMT];
	size_t i = 5;

	if (!stralloc_copys(sa, "From ") || !stralloc_cats(sa, *sender ? sender : "MAILER-DAEMON"))
		return 0;
	for (; i < sa->len; i++)
		if (sa->s[i] == ' ' || sa->s[i] == '\t' || sa->s[i] == '\n')
			sa->s[i] = '-';
	return stralloc_append(sa, ' ')
		&& stralloc_catb(sa, date, date_ctime_fmt(date, now))
		&& end_line(sa);
}

int delivery_lines(delivery *d, int64_t now)
{
	return return_path(&d->rpline, d->sender)
		&& delivered_to(&d->dtline, d->local, d->host)
		&& from_line(&d->ufline, d->sender, now)
		&& stralloc_copys(&d->safe, "")
		&& extension_safe(&d->safe, d->ext, strlen(d->ext))
		&& stralloc_0(&d->safe)
		&& (d->safe.len--, 1);
}

int delivery_rewind(outcome *o)
{
	if (lseek(0, 0, SEEK_SET) < 0)
		return outcome_defer(o, "Unable to rewind message", "", "4.3.0");
	return 1;
}

ssize_t delivery_read(char *buf, size_t n)
{
	return fd_read(0, buf, n);
}
