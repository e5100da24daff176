/* SPDX-License-Identifier: ISC */

#include "proto/spawn.h"

#include <errno.h>
#include <string.h>

/* No program takes a longer argument than this (the kernel's limit is twice as much), so an address over
 * it can never be delivered: it is not kept. */
enum { FIELD_MAX = 65536 };

enum { STAGE_NUMBER, STAGE_MESS, STAGE_SENDER, STAGE_RECIPIENT, STAGE_READY };

int spawn_request_put(stralloc *sa, unsigned int number, char const *mess,
	char const *sender, size_t senderlen, char const *recipient, size_t recipientlen)
{
	size_t messlen = strlen(mess);
	char c = (char)(unsigned char)number;

	/* A NUL would end the address early and shift every request behind it. */
	if (number > 255 || memchr(sender, 0, senderlen) || memchr(recipient, 0, recipientlen))
		return errno = EINVAL, 0;
	if (!stralloc_readyplus(sa, 1 + messlen + 1 + senderlen + 1 + recipientlen + 1))
		return 0;
	return stralloc_catb(sa, &c, 1)
		&& stralloc_catb(sa, mess, messlen + 1)
		&& stralloc_catb(sa, sender, senderlen) && stralloc_0(sa)
		&& stralloc_catb(sa, recipient, recipientlen) && stralloc_0(sa);
}

static void request_start(spawn_request *r, unsigned int number)
{
	r->number = number;
	r->mess.len = 0;
	r->sender.len = 0;
	r->recipient.len = 0;
	r->nomem = 0;
	r->stage = STAGE_MESS;
}

static stralloc *request_field(spawn_request *r)
{
	if (r->stage == STAGE_MESS)
		return &r->mess;
	return r->stage == STAGE_SENDER ? &r->sender : &r->recipient;
}

spawn_request_status spawn_request_feed(spawn_request *r, char const *s, size_t n, size_t *pos)
{
	while (*pos < n) {
		stralloc *field;
		char const *end;
		size_t len;

		if (r->stage == STAGE_NUMBER) {
			request_start(r, (unsigned char)s[(*pos)++]);
			continue;
		}
		end = memchr(s + *pos, 0, n - *pos);
		len = end ? (size_t)(end - (s + *pos)) + 1 : n - *pos;
		field = request_field(r);
		if (!r->nomem && (len > FIELD_MAX - field->len || !stralloc_catb(field, s + *pos, len)))
			r->nomem = 1;
		*pos += len;
		if (end && ++r->stage == STAGE_READY) {
			r->stage = STAGE_NUMBER;
			return r->nomem ? SPAWN_REQUEST_NOMEM : SPAWN_REQUEST_READY;
		}
	}
	return SPAWN_REQUEST_MORE;
}

int spawn_report_put(stralloc *sa, unsigned int number, char letter, char const *text, size_t n)
{
	char head[2] = { (char)(unsigned char)number, letter };
	char const *nul = n ? memchr(text, 0, n) : 0;

	if (nul)
		n = (size_t)(nul - text);
	if (!stralloc_readyplus(sa, sizeof head + n + 1))
		return 0;
	return stralloc_catb(sa, head, sizeof head) && (!n || stralloc_catb(sa, text, n)) && stralloc_0(sa);
}

int spawn_report_feed(spawn_report *r, char const *s, size_t n, size_t *pos)
{
	while (*pos < n) {
		char c = s[*pos];

		if (r->seen == 0) {
			r->number = (unsigned char)c;
			r->letter = 0;
			r->text.len = 0;
		} else if (c != 0) {
			if (r->seen == 1)
				r->letter = c;
			else if (r->text.len < SPAWN_REPORT_MAX - 2 && !stralloc_catb(&r->text, &c, 1))
				return -1;
		}
		++*pos;
		if (r->seen > 0 && c == 0)
			return r->seen = 0, 1;
		if (r->seen < 2)
			r->seen++;
	}
	return 0;
}
