/* SPDX-License-Identifier: ISC */

#ifndef REMOTE_CONNECT_H
#define REMOTE_CONNECT_H

#include <stddef.h>

#include "net/dns.h"

/* connect_any: a connection to the first of a[0..n) that takes one, each tried for timeout seconds, all
 * together for CONNECT_ROUNDS times as long. Addresses that timed out lately are left out, and what
 * happened is noted in queue/lock/tcpto. A family of addresses that this host has no way to costs nothing.
 *
 * Returns a non-blocking close-on-exec socket and sets *which; or -1, with errno 0 when no address took the
 * connection, or saying what kept us from trying. */
enum { CONNECT_ROUNDS = 20 };
extern int connect_any(dns_address const *a, size_t n, unsigned int port, unsigned int timeout, ip_address *which);

#endif
