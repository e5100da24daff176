/* SPDX-License-Identifier: ISC */

#ifndef MAIL_PLAIN_H
#define MAIL_PLAIN_H

#include <stddef.h>

/* plain_copy: copy s[0..n) to out up to the first byte that is a or b; how much that was, n if there is none.
 *
 * Every byte of a message goes through here on each of its ways, so it is looked at and copied in one step, many
 * at a time. out has room for n bytes and does not overlap s; what lies in it behind the bytes copied may be
 * overwritten. No allocation, no errno. */
extern size_t plain_copy(char *out, char const *s, size_t n, char a, char b);

#endif
