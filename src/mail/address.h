/* SPDX-License-Identifier: ISC */

#ifndef MAIL_ADDRESS_H
#define MAIL_ADDRESS_H

#include <stddef.h>

/* An address of an SMTP envelope, as MAIL and RCPT give it. */

enum { ADDRESS_MAX = 899 };     /* the longest that is taken, as qmail-smtpd always had it */

typedef enum
{
	ADDRESS_OK,
	ADDRESS_TOO_LONG,
	ADDRESS_BAD,            /* no path, one without an end, or CR, LF or NUL in it: no later program could
	                         * pass that on unharmed */
} address_status;

/* A literal may be longer than the name that takes its place, so the limit is applied last. */
enum { ADDRESS_ROOM = ADDRESS_MAX + 64 };

typedef struct address
{
	size_t len;
	size_t end;             /* where in the argument the path was over: parameters follow */
	char s[ADDRESS_ROOM];   /* not NUL-terminated */
} address;

/* address_parse: the address in the argument of MAIL or RCPT, arg[0..n), with its quoting undone.
 *
 * The path starts behind the first < and ends at >; without < it starts behind the first colon and any
 * spaces and ends at a space or with the argument. What stands before the < is not looked at, and a source
 * route is dropped (RFC 5321 4.1.2, as liberal as qmail). <> is the empty address; a route to nobody is not.
 * Gives OK, BAD, or TOO_LONG beyond ADDRESS_ROOM bytes. No allocation. */
extern address_status address_parse(address *a, char const *arg, size_t n);

/* address_literal: whether the host, behind the last @, is exactly [d.d.d.d]. 1 and the address in
 * network order, or 0. */
extern int address_literal(address const *a, unsigned char ip[4]);

/* address_set_host: put host[0..n) behind the last @. OK, or TOO_LONG beyond ADDRESS_ROOM bytes, *a then
 * unchanged. An address without @ stays as it is. */
extern address_status address_set_host(address *a, char const *host, size_t n);

#endif
