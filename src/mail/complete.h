/* SPDX-License-Identifier: ISC */

#ifndef MAIL_COMPLETE_H
#define MAIL_COMPLETE_H

#include <stddef.h>

#include <skalibs/stralloc.h>

#include "mail/addrlist.h"
#include "mail/token822.h"

/* Completing addresses (addresses(5)): a host where there is none, a domain where the host has no dot. */

typedef struct complete_host
{
	stralloc text;          /* "@" or "." and the name */
	token822_list tokens;
} complete_host;

typedef struct complete_rules
{
	complete_host defaulthost;
	complete_host defaultdomain;
	complete_host plusdomain;
} complete_rules;
#define COMPLETE_HOST_ZERO { .text = STRALLOC_ZERO, .tokens = TOKEN822_LIST_ZERO }
#define COMPLETE_RULES_ZERO \
	{ .defaulthost = COMPLETE_HOST_ZERO, .defaultdomain = COMPLETE_HOST_ZERO, .plusdomain = COMPLETE_HOST_ZERO }

/* complete_host_set: name[0..n) is what follows an address after lead ('@' or '.'). The outcome is that of
 * token822_parse; text is what was parsed. */
extern token822_status complete_host_set(complete_host *h, char lead, char const *name, size_t n);

/* complete_name_ok: whether name[0..n) can be one of these: not empty, and nothing in it that is no part of one
 * host name or address in brackets. A comment is none. */
extern int complete_name_ok(char const *name, size_t n);

/* complete_address: a addrlist_rewriter whose rules are a complete_rules.
 *
 * An empty address and one that ends in @[] stay. Otherwise, in this order: a source route goes; one dot at
 * the end goes; one @ at the end goes; an address without @ gets @defaulthost; a host that ends in + gets
 * .plusdomain instead of the +; a host without a dot that is no literal gets .defaultdomain. The first three
 * may leave nothing, which then stays nothing. */
extern addrlist_rewriter complete_address;

extern void complete_free(complete_rules *r);

#endif
