/* SPDX-License-Identifier: ISC */

#ifndef NET_NEARER_H
#define NET_NEARER_H

#include <stddef.h>

#include "net/dns_answer.h"
#include "net/ipme.h"

/* nearer_usable: how many of the addresses, from the front of the sorted list, are better than the best of
 * ours: mail never goes to a host that is no nearer than we are (RFC 5321 5.1). The addresses of a relay that
 * the admin has named are all used, even if they are our own. Pure. */
extern size_t nearer_usable(dns_list const *l, ipme const *me, int relay);

#endif
