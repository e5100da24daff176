/* SPDX-License-Identifier: ISC */

/* Input: what may be an address literal. Its first 16 bytes are taken for an address, too. */

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "fuzz.h"
#include "net/dns_answer.h"
#include "net/ip.h"

static int is_mapped(unsigned char const *b)
{
	static unsigned char const zeros[10];

	return memcmp(b, zeros, 10) == 0 && b[10] == 0xff && b[11] == 0xff;
}

/* Text and back: the same address. */
static void check_text(unsigned char const *bytes, size_t len)
{
	char text[IP_FMT];
	char literal[IP_FMT + 8];
	char name[DNS_REVERSE_FMT];
	ip_address a, b;
	size_t n;

	ip_set(&a, bytes, len);
	HOLDS(a.len == (len == 16 && !is_mapped(bytes) ? 16 : 4));
	n = ip_format(text, &a);
	HOLDS(n > 0 && n < sizeof text && strlen(text) == n);
	literal[0] = '[';
	memcpy(literal + 1, text, n);
	literal[n + 1] = ']';
	HOLDS(ip_literal(&b, literal, n + 2) && memcmp(&a, &b, sizeof a) == 0);
	HOLDS(ip_literal(&b, text, n) == (a.len == 4));
	dns_reverse(name, &a);
	HOLDS(memchr(name, 0, sizeof name) != 0);
}

/* d.d.d.d with any number of digits, each part at most 255. */
static int reads_as_v4(span in, unsigned char *bytes)
{
	size_t i = 0;
	int part;

	for (part = 0; part < 4; part++) {
		unsigned int value = 0;
		size_t start;

		if (part && (i == in.n || in.s[i++] != '.'))
			return 0;
		for (start = i; i < in.n && in.s[i] >= '0' && in.s[i] <= '9'; i++)
			if (value < 256)
				value = value * 10 + (unsigned int)(in.s[i] - '0');
		if (i == start || value > 255)
			return 0;
		bytes[part] = (unsigned char)value;
	}
	return i == in.n;
}

static int reads_as_v6(span in, unsigned char *bytes)
{
	char *text;
	int ok;

	if (in.n > 5 && strncasecmp(in.s, "IPv6:", 5) == 0)
		in = (span){ in.s + 5, in.n - 5 };
	text = fuzz_copy(in);
	ok = strlen(text) == in.n && inet_pton(AF_INET6, text, bytes) == 1;
	free(text);
	return ok;
}

static void check_literal(span in)
{
	unsigned char bytes[16];
	ip_address a, expected;
	char *exact = malloc(in.n + !in.n);
	int bracketed = in.n >= 2 && in.s[0] == '[' && in.s[in.n - 1] == ']';
	span inner = bracketed ? (span){ in.s + 1, in.n - 2 } : in;
	int is4 = reads_as_v4(inner, bytes);
	int is6 = !is4 && bracketed && reads_as_v6(inner, bytes);

	fuzz_memory(exact != 0);
	memcpy(exact, in.s, in.n);
	HOLDS(ip_literal(&a, exact, in.n) == (is4 || is6));
	if (is4 || is6) {
		ip_set(&expected, bytes, is4 ? 4 : 16);
		HOLDS(memcmp(&a, &expected, sizeof a) == 0);
	}
	free(exact);
}

int LLVMFuzzerTestOneInput(uint8_t const *data, size_t size)
{
	span in = fuzz_whole(data, size);

	check_literal(in);
	if (size >= 4)
		check_text(data, 4);
	if (size >= 16)
		check_text(data, 16);
	return 0;
}
