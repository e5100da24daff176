/* SPDX-License-Identifier: ISC */

#include "mail/messageid.h"

#include <skalibs/types.h>

#include "base/text.h"
#include "mail/date822.h"

int messageid_cat(stralloc *sa, int64_t t, long nanoseconds, unsigned long pid, char const *host, size_t n)
{
	char stamp[DATE_STAMP_FMT];
	char digits[ULONG_FMT];
	char fraction[ULONG_FMT];

	ulong0_fmt(fraction, (unsigned long)nanoseconds, 9);
	return stralloc_append(sa, '<')
		&& stralloc_catb(sa, stamp, date_stamp_fmt(stamp, t))
		&& stralloc_append(sa, '.')
		&& stralloc_catb(sa, digits, ulong_fmt(digits, pid))
		&& stralloc_catb(sa, fraction, 9)
		&& stralloc_cats(sa, ".qmail@")
		&& text_oneline(sa, host, n)
		&& stralloc_append(sa, '>');
}
