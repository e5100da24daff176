/* SPDX-License-Identifier: ISC */

#include "route/delivery.h"

#include <string.h>

#include "mail/fromline.h"
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

static int from_line(stralloc *sa, char const *sender, int64_t now)
{
	sa->len = 0;
	if (!fromline_cat(sa, sender, strlen(sender), now) || !stralloc_0(sa))
		return 0;
	sa->len--;
	return 1;
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
