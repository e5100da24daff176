/* SPDX-License-Identifier: ISC */

#ifndef ROUTE_REWRITE_H
#define ROUTE_REWRITE_H

#include <stddef.h>

#include <skalibs/stralloc.h>

#include "base/constmap.h"
#include "route/suffix.h"

/* Where an envelope recipient goes: the one truth about locals, virtualdomains, percenthack and
 * envnoathost (qmail-send(8)).
 *
 * In this order, names compared without regard to case and never changed, @ always meaning the last one:
 *
 *   1. An address without @ gets @envnoathost.
 *   2. While the domain is in percenthack and the box has a %, the domain goes away and the last % of the
 *      box becomes the @.
 *   3. A domain in locals: local, the address as it is.
 *   4. virtualdomains, the first key that is there decides:
 *        the address; its domain; each part of the domain that starts with a dot, from the longest on
 *        (x@a.b.c: a.b.c, .b.c, .c); the empty key.
 *      With a prepend: local, as prepend-address. With an empty one: not virtual, go on with 5; or, where the
 *      administrator wants that (control/emptyprefixlocal), local, the address as it is.
 *   5. Everything else: remote, the address as it is.
 *
 * So the most specific key wins, an address always beats a domain, and .example.com covers every name
 * below example.com but not example.com itself. */

typedef struct rewrite_tables
{
	char const *envnoathost;
	size_t envnoathostlen;
	constmap locals;
	constmap percenthack;
	constmap virtualdomains;        /* key:prepend */
	int empty_is_local;             /* what an empty prepend means; qmail knows only 0 */
} rewrite_tables;

typedef enum rewrite_route
{
	REWRITE_NOMEM = -1,     /* *out is of no use: the same call may be made again */
	REWRITE_LOCAL,
	REWRITE_REMOTE,
} rewrite_route;

/* rewrite_address: the recipient as the channel is to have it into *out, replacing what was there (no
 * final NUL). Any bytes are taken. */
extern rewrite_route rewrite_address(rewrite_tables const *t, stralloc *out, char const *address, size_t n);

/* What decides on the way, in the order of the steps above. */
typedef enum rewrite_reason
{
	REWRITE_APPENDED,       /* step 1: envnoathost; no entry */
	REWRITE_PERCENT,        /* step 2, once for each turn: the entry of percenthack */
	REWRITE_LOCALS,         /* step 3: the entry of locals */
	REWRITE_VIRTUAL,        /* step 4: the entry of virtualdomains, with a prepend */
	REWRITE_UNTOUCHED,      /* step 4: the entry of virtualdomains, without one */
	REWRITE_EMPTY,          /* the same, where that means local */
	REWRITE_ELSE,           /* step 5: no entry */
} rewrite_reason;

/* A rewrite_watch is told each of them, and the address as it is then, before a prepend. */
typedef void rewrite_watch(void *data, rewrite_reason why, constmap_entry const *e, char const *address, size_t n);

/* rewrite_watched: rewrite_address, telling watch why. */
extern rewrite_route rewrite_watched(rewrite_tables const *t, stralloc *out, char const *address, size_t n,
	rewrite_watch *watch, void *data);

/* The entries of virtualdomains that fit an address (with its last @), in the order of step 4: the first
 * one decides. rewrite_search_next: the next, or null when there is none left. */
typedef struct rewrite_search
{
	char const *address;
	size_t n;
	int whole;              /* the address itself is still to be looked for */
	suffix_search domain;
} rewrite_search;

extern void rewrite_search_start(rewrite_search *s, char const *address, size_t n);
extern constmap_entry const *rewrite_search_next(rewrite_search *s, rewrite_tables const *t);

/* rewrite_virtual: step 4 without the address key: the entry for a domain, or null. */
extern constmap_entry const *rewrite_virtual(rewrite_tables const *t, char const *domain, size_t n);

/* rewrite_undo: how many bytes at the start of recipient[0..n), a rewritten address, a bounce leaves out so
 * that the sender reads the address he wrote to: the prepend of its domain and the dash, if it starts with
 * them (case counts). A prepend that an address key gave is not looked for, as ever: programs that parse
 * bounces know it so. */
extern size_t rewrite_undo(rewrite_tables const *t, char const *recipient, size_t n);

#endif
