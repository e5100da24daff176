/* SPDX-License-Identifier: ISC */

#include "mail/plain.h"

#include <stdint.h>
#include <string.h>

/* The compiler's vectors, which every machine has in some form. */
typedef signed char vector __attribute__((vector_size(16)));

enum { WORDS = sizeof(vector) / sizeof(uint64_t), WORD = sizeof(uint64_t) };

/* The lane that comes first in memory; w is not 0 and its lanes are all ones or 0. */
static size_t first_lane(uint64_t w)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	return (size_t)__builtin_ctzll(w) / 8;
#else
	return (size_t)__builtin_clzll(w) / 8;
#endif
}

static vector all(char c)
{
	signed char x = (signed char)c;

	return (vector){ x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x };
}

size_t plain_copy(char *out, char const *s, size_t n, char a, char b)
{
	vector const as = all(a);
	vector const bs = all(b);
	size_t i = 0;

	for (; n - i >= sizeof(vector); i += sizeof(vector)) {
		vector v;
		uint64_t hits[WORDS];

		memcpy(&v, s + i, sizeof v);
		memcpy(out + i, &v, sizeof v);
		v = (vector)(v == as) | (vector)(v == bs);
		memcpy(hits, &v, sizeof hits);
		if (hits[0])
			return i + first_lane(hits[0]);
		if (hits[1])
			return i + WORD + first_lane(hits[1]);
	}
	for (; i < n && s[i] != a && s[i] != b; i++)
		out[i] = s[i];
	return i;
}
