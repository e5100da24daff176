/* SPDX-License-Identifier: ISC */

#ifndef BASE_PASSWD_H
#define BASE_PASSWD_H

#include <stddef.h>
#include <stdint.h>

/* An account as a line of passwd(5) has it, as text: name:password:uid:gid:gecos:home:shell. */
typedef struct passwd_field
{
	char const *s;
	size_t n;
} passwd_field;

typedef struct passwd_account
{
	passwd_field name;
	passwd_field uid;
	passwd_field gid;
	passwd_field home;
	uint64_t uid_number;    /* the digits uid starts with; 0 without any */
} passwd_account;

/* passwd_parse: take the line s[0..n), without its newline, apart; *a points into it. 1, or 0 if it is not an
 * account: fewer than seven fields, no name, or a NUL in it. No allocation. */
extern int passwd_parse(passwd_account *a, char const *s, size_t n);

/* passwd_split: the part of s[*i..n) before the next colon, or up to n; *i moves behind the colon, to n + 1 when
 * there was none. 1, or 0 if *i was there already. */
extern int passwd_split(passwd_field *f, char const *s, size_t n, size_t *i);

#endif
