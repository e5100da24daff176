/* SPDX-License-Identifier: ISC */

#include "table.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <cdb.h>
#include <skalibs/djbunix.h>
#include <skalibs/strerr.h>

#include "base/text.h"
#include "lines.h"
#include "proto/users.h"
#include "route/assign.h"

int table_load(table *t)
{
	if (control_readlist(&t->list, "control/virtualdomains", 0) == CONTROL_ERROR
	 || !constmap_map(&t->virtualdomains, &t->list, ':'))
		return 0;
	return openslurpclose(&t->assign, "users/assign") || errno == ENOENT;
}

int table_knows(table const *t, char const *domain)
{
	lines_found f;

	return constmap_find(&t->virtualdomains, domain, strlen(domain))
		|| lines_find(&f, LINES_ASSIGN, t->assign.s, t->assign.len, domain);
}

/* Whether an address that gets this prepend may be one of prefix-anything. */
static int leads_to(constmap_entry const *e, char const *prefix)
{
	size_t n = strlen(prefix);

	return e->valuelen >= n && text_casecmp(e->value, prefix, n) == 0 && (e->valuelen == n || e->value[n] == '-');
}

int table_owns_assign(table const *t, char const *domain)
{
	size_t i;

	for (i = 0; i < t->virtualdomains.n; i++) {
		constmap_entry const *e = t->virtualdomains.entries + i;

		if (leads_to(e, domain) != text_caseequals(e->key, e->keylen, domain))
			return 0;
	}
	return 1;
}

void table_warn_rest(table const *t, char const *domain)
{
	size_t n = strlen(domain);
	size_t i;

	for (i = 0; i < t->virtualdomains.n; i++) {
		constmap_entry const *e = t->virtualdomains.entries + i;

		if (e->keylen > n && e->key[e->keylen - n - 1] == '@' && text_casecmp(e->key + e->keylen - n, domain, n) == 0)
			strerr_warnw("control/virtualdomains still has a line for an address: ", e->key);
	}
}

/* ---- the list */

static int put_safe(stralloc *out, char const *s, size_t n)
{
	return n ? text_safe(out, s, n) : stralloc_append(out, '-');
}

/* Who gets mail for prefix-, and with that for most of its addresses, by users/cdb. */
static int put_owner(stralloc *out, struct cdb *c, constmap_entry const *e)
{
	stralloc record = STRALLOC_ZERO;
	stralloc local = STRALLOC_ZERO;
	users_record r;
	int ok = stralloc_copyb(&local, e->value, e->valuelen) && stralloc_append(&local, '-');

	if (ok && c && e->valuelen && assign_lookup(assign_cdb, c, local.s, local.len, &record) == ASSIGN_FOUND
	 && users_record_parse(&r, record.s, record.len) == USERS_RECORD_OK)
		ok = put_safe(out, r.user, strlen(r.user)) && stralloc_append(out, '\t') && put_safe(out, r.home, strlen(r.home));
	else
		ok = ok && stralloc_cats(out, "-\t-");
	stralloc_free(&record);
	stralloc_free(&local);
	return ok;
}

static int put_domains(table const *t, stralloc *out, struct cdb *c)
{
	char const *s = t->list.entries.s;
	size_t i;

	for (i = 0; i < t->list.n; i++, s += strlen(s) + 1) {
		size_t n = strcspn(s, ":");
		constmap_entry const *e = constmap_find(&t->virtualdomains, s, n);

		/* the one of several that counts, if it is for a domain */
		if (!s[n] || n == 0 || memchr(s, '@', n) || !e || e->index != i)
			continue;
		if (!put_safe(out, s, n) || !stralloc_append(out, '\t') || !put_safe(out, e->value, e->valuelen)
		 || !stralloc_append(out, '\t') || !put_owner(out, c, e) || !stralloc_append(out, '\n'))
			return 0;
	}
	return 1;
}

int table_list(table const *t, stralloc *out)
{
	struct cdb c;
	int fd = users_open();
	int have = fd >= 0 && cdb_init(&c, fd) == 0;
	int ok = put_domains(t, out, have ? &c : 0);

	if (have)
		cdb_free(&c);
	if (fd >= 0)
		close(fd);
	return ok;
}
