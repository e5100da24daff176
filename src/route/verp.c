/* SPDX-License-Identifier: ISC */

#include "route/verp.h"

#include <string.h>

#include "base/text.h"

static char const mark[] = "-@[]";

enum { MARK_LENGTH = sizeof mark - 1 };

size_t verp_owner(char const *sender, size_t n)
{
	if (n >= MARK_LENGTH && memcmp(sender + n - MARK_LENGTH, mark, MARK_LENGTH) == 0)
		return n - MARK_LENGTH;
	return n;
}

int verp_sender(stralloc *sa, char const *sender, size_t senderlen, char const *recipient, size_t recipientlen)
{
	size_t owner = verp_owner(sender, senderlen);
	size_t at = text_rchr(sender, owner, '@');
	size_t box = text_rchr(recipient, recipientlen, '@');

	if (owner == senderlen || at == owner || box == recipientlen)
		return stralloc_catb(sa, sender, senderlen);
	return stralloc_catb(sa, sender, at)
		&& stralloc_catb(sa, recipient, box)
		&& stralloc_append(sa, '=')
		&& stralloc_catb(sa, recipient + box + 1, recipientlen - box - 1)
		&& stralloc_catb(sa, sender + at, owner - at);
}
