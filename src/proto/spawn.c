/* SPDX-License-Identifier: ISC */

#include "proto/spawn.h"

#include <errno.h>
#include <string.h>

#include <skalibs/types.h>

/* No program takes a longer argument than this (the kernel's limit is twice as much), so an address over
 * it can never be delivered: it is not kept. */
enum { FIELD_MAX = 65536 };

enum { STAGE_NUMBER, STAGE_MESS, STAGE_SENDER, STAGE_RECIPIENT, STAGE_READY };

enum { ASK = '?', OFFER = 'O', WIDE_FMT = UINT_FMT + 1 };

unsigned int spawn_highest(unsigned int n)
{
	return n > SPAWN_WIDE ? n : n - 1;
}

/* What stands in front of the first field; nothing for a number that is told in a byte. */
static size_t prefix_fmt(char *s, unsigned int number)
{
	size_t n;

	if (number <= SPAWN_WIDE)
		return 0;
	n = uint_fmt(s, number);
	s[n] = ':';
	return n + 1;
}

/* Bytes of a decimal number from 1 to SPAWN_MOST at the start of s[0..n), or 0. */
static size_t number_scan(unsigned int *number, char const *s, size_t n)
{
	size_t i = 0;

	*number = 0;
	while (i < n && s[i] >= '0' && s[i] <= '9' && *number <= SPAWN_MOST)
		*number = *number * 10 + (unsigned int)(s[i++] - '0');
	return i > 0 && s[0] != '0' && *number <= SPAWN_MOST ? i : 0;
}

/* Bytes of the prefix of a number over 255, or 0. */
static size_t prefix_scan(unsigned int *number, char const *s, size_t n)
{
	unsigned int found;
	size_t i = number_scan(&found, s, n);

	if (!i || i == n || s[i] != ':' || found <= SPAWN_WIDE)
		return 0;
	*number = found;
	return i + 1;
}

static char first_byte(unsigned int number)
{
	return (char)(unsigned char)(number < SPAWN_WIDE ? number : SPAWN_WIDE);
}

int spawn_request_put(stralloc *sa, unsigned int number, char const *mess,
	char const *sender, size_t senderlen, char const *recipient, size_t recipientlen)
{
	size_t messlen = strlen(mess);
	char prefix[WIDE_FMT];
	size_t prefixlen;
	char c = first_byte(number);

	/* A NUL would end the address early and shift every request behind it. */
	if (number > SPAWN_MOST || memchr(sender, 0, senderlen) || memchr(recipient, 0, recipientlen))
		return errno = EINVAL, 0;
	prefixlen = prefix_fmt(prefix, number);
	if (!stralloc_readyplus(sa, 1 + prefixlen + messlen + 1 + senderlen + 1 + recipientlen + 1))
		return 0;
	return stralloc_catb(sa, &c, 1)
		&& stralloc_catb(sa, prefix, prefixlen) && stralloc_catb(sa, mess, messlen + 1)
		&& stralloc_catb(sa, sender, senderlen) && stralloc_0(sa)
		&& stralloc_catb(sa, recipient, recipientlen) && stralloc_0(sa);
}

int spawn_ask_put(stralloc *sa, unsigned int wanted)
{
	char text[1 + WIDE_FMT] = { ASK };

	text[1 + uint_fmt(text + 1, wanted < SPAWN_MOST ? wanted : SPAWN_MOST)] = 0;
	return spawn_request_put(sa, SPAWN_WIDE, text, "", 0, "", 0);
}

static void request_start(spawn_request *r, unsigned int number)
{
	r->number = number;
	r->mess.len = 0;
	r->sender.len = 0;
	r->recipient.len = 0;
	r->headlen = 0;
	r->nomem = 0;
	r->stage = STAGE_MESS;
}

static void note_head(spawn_request *r, char const *s, size_t n)
{
	if (n > sizeof r->head - r->headlen)
		n = sizeof r->head - r->headlen;
	memcpy(r->head + r->headlen, s, n);
	r->headlen += n;
}

static stralloc *request_field(spawn_request *r)
{
	if (r->stage == STAGE_MESS)
		return &r->mess;
	return r->stage == STAGE_SENDER ? &r->sender : &r->recipient;
}

/* Of what came with number 255. One that makes no sense stays what it always was: a request with a number too big. */
static spawn_request_status request_widen(spawn_request *r)
{
	char const *s = r->mess.s;
	size_t n = r->mess.len - 1;
	unsigned int wanted;
	size_t prefix;

	if (n > 1 && s[0] == ASK && number_scan(&wanted, s + 1, n - 1) == n - 1 && r->sender.len == 1 && r->recipient.len == 1) {
		r->number = wanted;
		return SPAWN_REQUEST_ASK;
	}
	prefix = prefix_scan(&r->number, s, n);
	r->mess.len -= prefix;
	memmove(r->mess.s, r->mess.s + prefix, r->mess.len);
	return SPAWN_REQUEST_READY;
}

static spawn_request_status request_end(spawn_request *r)
{
	r->stage = STAGE_NUMBER;
	if (r->nomem) {
		if (r->number == SPAWN_WIDE)
			(void)prefix_scan(&r->number, r->head, r->headlen);
		return SPAWN_REQUEST_NOMEM;
	}
	return r->number == SPAWN_WIDE ? request_widen(r) : SPAWN_REQUEST_READY;
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
		if (r->stage == STAGE_MESS)
			note_head(r, s + *pos, len);
		if (!r->nomem && (len > FIELD_MAX - field->len || !stralloc_catb(field, s + *pos, len)))
			r->nomem = 1;
		*pos += len;
		if (end && ++r->stage == STAGE_READY)
			return request_end(r);
	}
	return SPAWN_REQUEST_MORE;
}

int spawn_report_put(stralloc *sa, unsigned int number, char letter, char const *text, size_t n)
{
	char head[2 + WIDE_FMT] = { first_byte(number), letter };
	size_t const headlen = 2 + prefix_fmt(head + 2, number);
	char const *nul = n ? memchr(text, 0, n) : 0;

	if (nul)
		n = (size_t)(nul - text);
	if (!stralloc_readyplus(sa, headlen + n + 1))
		return 0;
	return stralloc_catb(sa, head, headlen) && (!n || stralloc_catb(sa, text, n)) && stralloc_0(sa);
}

int spawn_offer_put(stralloc *sa, unsigned int most, char const *why)
{
	char number[WIDE_FMT];
	size_t n = uint_fmt(number, most);
	size_t const whylen = why ? strlen(why) : 0;

	if (!stralloc_readyplus(sa, 2 + n + 1 + whylen + 1) || !spawn_report_put(sa, SPAWN_WIDE, OFFER, number, n))
		return 0;
	sa->len--;
	return (!why || (stralloc_append(sa, ' ') && stralloc_catb(sa, why, whylen))) && stralloc_0(sa);
}

static void cut_front(stralloc *sa, size_t n)
{
	sa->len -= n;
	memmove(sa->s, sa->s + n, sa->len);
}

/* Of what came with number 255. */
static void report_widen(spawn_report *r)
{
	char const *s = r->text.len ? r->text.s : "";
	size_t n;

	if (r->letter != OFFER) {
		n = prefix_scan(&r->number, s, r->text.len);
	} else {
		n = number_scan(&r->offer, s, r->text.len);
		if (n && n < r->text.len)
			n = s[n] == ' ' ? n + 1 : 0;
		if (!n)
			r->offer = 0;
	}
	if (n)
		cut_front(&r->text, n);
}

int spawn_report_feed(spawn_report *r, char const *s, size_t n, size_t *pos)
{
	while (*pos < n) {
		char c = s[*pos];

		if (r->seen == 0) {
			r->number = (unsigned char)c;
			r->offer = 0;
			r->letter = 0;
			r->text.len = 0;
		} else if (c != 0) {
			if (r->seen == 1)
				r->letter = c;
			else if (r->text.len < SPAWN_REPORT_MAX - 2 && !stralloc_catb(&r->text, &c, 1))
				return -1;
		}
		++*pos;
		if (r->seen > 0 && c == 0) {
			r->seen = 0;
			if (r->number == SPAWN_WIDE)
				report_widen(r);
			return 1;
		}
		if (r->seen < 2)
			r->seen++;
	}
	return 0;
}
