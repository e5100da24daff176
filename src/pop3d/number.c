/* SPDX-License-Identifier: ISC */

#include "number.h"

#include <stdint.h>

size_t number_scan(char const *s, size_t n, size_t *value)
{
	size_t v = 0;
	size_t i;

	for (i = 0; i < n && s[i] >= '0' && s[i] <= '9'; i++) {
		size_t digit = (size_t)(s[i] - '0');

		v = v > (SIZE_MAX - digit) / 10 ? SIZE_MAX : v * 10 + digit;
	}
	*value = v;
	return i;
}
