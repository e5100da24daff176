/* SPDX-License-Identifier: ISC */

#ifndef REMOTE_CONNECT_H
#define REMOTE_CONNECT_H

#include <stddef.h>

#include <skalibs/tai.h>

#include "identity.h"
#include "net/dns.h"

/* Addresses to connect to, one after another. */
typedef struct connect_search
{
	dns_address const *a;
	size_t n;
	size_t next;            /* the first one that was not tried yet */
	unsigned int port;
	identity const *from;
	unsigned int timeout;   /* seconds for each address */
	tain until;             /* no connection is tried after this */
} connect_search;

/* connect_next: a connection to the next of the addresses that takes one, each tried for timeout seconds, all of
 * one call together for CONNECT_ROUNDS times as long. Addresses that timed out lately are left out, and what
 * happened is noted in queue/lock/tcpto. A family of addresses that this host has no way to costs nothing.
 *
 * Returns a non-blocking close-on-exec socket and sets *which; or -1, with errno 0 when no address took the
 * connection, or saying what kept us from trying. */
enum { CONNECT_ROUNDS = 20 };
extern int connect_next(connect_search *c, ip_address *which);

#endif
