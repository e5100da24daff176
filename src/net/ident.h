/* SPDX-License-Identifier: ISC */

#ifndef NET_IDENT_H
#define NET_IDENT_H

#include <stddef.h>

#include <skalibs/tai.h>

#include "net/ip.h"

/* Whom a TCP connection belongs to, as the host at its other end has it (RFC 1413). */

enum { IDENT_PORT = 113, IDENT_MAX = 256, IDENT_REPLY_MAX = 1024 };

/* An end of a connection. */
typedef struct ident_end
{
	ip_address ip;
	unsigned int port;
} ident_end;

/* ident_ask: ask the host at remote for the owner of its connection to local. 1 and the answer in info, NUL at its
 * end; 0 if there is none before the deadline. */
extern int ident_ask(char info[IDENT_MAX + 1], ident_end const *local, ident_end const *remote, tain const *deadline);

/* ident_parse: the user in the answer s[0..n), a line "port, port : USERID : system : user", into info. Blanks and
 * control bytes are left out of it and what is over IDENT_MAX is cut off. 1, or 0 if no user is named. */
extern int ident_parse(char info[IDENT_MAX + 1], char const *s, size_t n);

#endif
