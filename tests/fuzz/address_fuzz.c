/* SPDX-License-Identifier: ISC */

/* Input: the argument of MAIL or RCPT. */

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "mail/address.h"
#include "mail/quote.h"

/* The address as qmail-remote writes it, as the next host's argument, quoted. */
static void requote(stralloc *arg, address const *a)
{
	arg->len = 0;
	fuzz_memory(stralloc_cats(arg, "FROM:<") && quote_address(arg, a->s, a->len) && stralloc_cats(arg, "> SIZE=1"));
}

/* A host, or no host at all, that does not need to be quoted: quotes are for the box. */
static int is_plain_host(address const *a)
{
	char const *at = a->len ? memrchr(a->s, '@', a->len) : 0;
	char const *s;

	if (!at)
		return !quote_needed(a->s, a->len);
	for (s = at + 1; s < a->s + a->len; s++)
		if (!isalnum((unsigned char)*s) && !strchr("-.[]:_", *s))
			return 0;
	return 1;
}

static void check_fixpoint(address const *a)
{
	stralloc arg = STRALLOC_ZERO;
	address again;

	requote(&arg, a);
	HOLDS(!memchr(arg.s, 0, arg.len) && !memchr(arg.s, '\r', arg.len) && !memchr(arg.s, '\n', arg.len));
	if (is_plain_host(a) || a->len == 0) {
		HOLDS(address_parse(&again, arg.s, arg.len) == ADDRESS_OK);
		HOLDS(fuzz_same((span){ again.s, again.len }, (span){ a->s, a->len }));
	}
	stralloc_free(&arg);
}

/* [d.d.d.d] as sscanf sees it. */
static int reads_as_literal(address const *a, unsigned char ip[4])
{
	char const *at = a->len ? memrchr(a->s, '@', a->len) : 0;
	char text[20];
	unsigned int d[4];
	int used = 0;
	size_t n;
	int i;

	if (!at)
		return 0;
	n = (size_t)(a->s + a->len - (at + 1));
	/* Leading zeros make it as long as one likes; that is for the code alone. */
	if (n < 9 || n >= sizeof text || memchr(at + 1, ' ', n) || memchr(at + 1, '+', n) || memchr(at + 1, '-', n))
		return -1;
	memcpy(text, at + 1, n);
	text[n] = 0;
	for (i = 0; text[i]; i++)
		if (isspace((unsigned char)text[i]))
			return 0;
	if (sscanf(text, "[%u.%u.%u.%u]%n", d, d + 1, d + 2, d + 3, &used) != 4 || (size_t)used != n)
		return 0;
	for (i = 0; i < 4; i++) {
		if (d[i] > 255)
			return 0;
		ip[i] = (unsigned char)d[i];
	}
	return 1;
}

static void check_literal(address const *a)
{
	unsigned char expected[4];
	unsigned char ip[4];
	int is = reads_as_literal(a, expected);
	int found = address_literal(a, ip);

	HOLDS(is < 0 || is == found);
	HOLDS(is != 1 || memcmp(ip, expected, 4) == 0);
}

static void check_host(address const *a)
{
	static char const host[] = "a.rather.long.name.of.a.host.example";
	address b = *a;
	address_status status = address_set_host(&b, host, sizeof host - 1);

	if (status != ADDRESS_OK) {
		HOLDS(status == ADDRESS_TOO_LONG && b.len == a->len);
	} else if (a->len == 0 || !memchr(a->s, '@', a->len)) {
		HOLDS(b.len == a->len);
	} else {
		HOLDS(b.len <= ADDRESS_ROOM);
		HOLDS(b.len >= sizeof host && b.s[b.len - sizeof host] == '@');
		HOLDS(memcmp(b.s + b.len - (sizeof host - 1), host, sizeof host - 1) == 0);
	}
}

int LLVMFuzzerTestOneInput(uint8_t const *data, size_t size)
{
	span in = fuzz_whole(data, size);
	address *a = malloc(sizeof *a);
	address_status status;

	fuzz_memory(a != 0);
	status = address_parse(a, in.s, in.n);
	HOLDS(a->len <= ADDRESS_ROOM && a->len <= in.n);
	HOLDS(a->len == 0 || (!memchr(a->s, 0, a->len) && !memchr(a->s, '\r', a->len) && !memchr(a->s, '\n', a->len)));
	if (status == ADDRESS_OK) {
		HOLDS(a->end <= in.n && a->end > a->len);
		if (a->len <= ADDRESS_MAX)
			check_fixpoint(a);
		check_literal(a);
		check_host(a);
	}
	free(a);
	return 0;
}
