/* SPDX-License-Identifier: ISC */

#include "mail/hfield.h"

#include <string.h>

#include "base/text.h"

static char const *const names[HFIELDS] = {
	[HFIELD_OTHER] = "",
	[HFIELD_SENDER] = "sender",
	[HFIELD_FROM] = "from",
	[HFIELD_REPLY_TO] = "reply-to",
	[HFIELD_TO] = "to",
	[HFIELD_CC] = "cc",
	[HFIELD_BCC] = "bcc",
	[HFIELD_DATE] = "date",
	[HFIELD_MESSAGE_ID] = "message-id",
	[HFIELD_RESENT_SENDER] = "resent-sender",
	[HFIELD_RESENT_FROM] = "resent-from",
	[HFIELD_RESENT_REPLY_TO] = "resent-reply-to",
	[HFIELD_RESENT_TO] = "resent-to",
	[HFIELD_RESENT_CC] = "resent-cc",
	[HFIELD_RESENT_BCC] = "resent-bcc",
	[HFIELD_RESENT_DATE] = "resent-date",
	[HFIELD_RESENT_MESSAGE_ID] = "resent-message-id",
	[HFIELD_RETURN_RECEIPT_TO] = "return-receipt-to",
	[HFIELD_ERRORS_TO] = "errors-to",
	[HFIELD_APPARENTLY_TO] = "apparently-to",
	[HFIELD_RETURN_PATH] = "return-path",
	[HFIELD_CONTENT_LENGTH] = "content-length",
	[HFIELD_MAIL_FOLLOWUP_TO] = "mail-followup-to",
	[HFIELD_NOTICE_REQUESTED] = "notice-requested-upon-delivery-to",
};

static size_t colon(char const *s, size_t n)
{
	char const *found = n ? memchr(s, ':', n) : 0;

	return found ? (size_t)(found - s) : n;
}

size_t hfield_name(char const *s, size_t n)
{
	size_t len = colon(s, n);
	size_t i;

	if (len == n)
		return 0;
	while (len > 0 && (s[len - 1] == ' ' || s[len - 1] == '\t'))
		len--;
	for (i = 0; i < len; i++)
		if (s[i] < 33 || s[i] > 126)
			return 0;
	return len;
}

int hfield_starts(char const *s, size_t n)
{
	return (n >= 5 && memcmp(s, "From ", 5) == 0) || hfield_name(s, n) > 0;
}

hfield hfield_known(char const *s, size_t n)
{
	size_t len = hfield_name(s, n);
	int i;

	for (i = HFIELD_OTHER + 1; i < HFIELDS; i++)
		if (text_caseequals(s, len, names[i]))
			return (hfield)i;
	return HFIELD_OTHER;
}

size_t hfield_body(char const *s, size_t n)
{
	size_t i = colon(s, n);

	if (i < n)
		i++;
	while (i < n && (s[i] == ' ' || s[i] == '\t' || s[i] == '\r' || s[i] == '\n'))
		i++;
	return i;
}
