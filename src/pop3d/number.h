/* SPDX-License-Identifier: ISC */

#ifndef POP3D_NUMBER_H
#define POP3D_NUMBER_H

#include <stddef.h>

/* number_scan: the decimal digits that s[0..n) starts with, into *value; how many there are, 0 for none
 * (then *value is 0). What is too large for a size_t is SIZE_MAX. */
extern size_t number_scan(char const *s, size_t n, size_t *value);

#endif
