/* SPDX-License-Identifier: ISC */

#include "table.h"

#include <errno.h>
#include <string.h>

#include <cdb.h>
#include <skalibs/djbunix.h>

#include "base/text.h"
#include "lines.h"
#include "proto/users.h"
#include "route/assign.h"

static int load_assign(table *t)
{
	return openslurpclose(&t->assign, "users/assign") || errno == ENOENT;
}

int table_load(table *t)
{
	return control_readlist(&t->list, "control/virtualdomains", 0) != CONTROL_ERROR
		&& constmap_map(&t->virtualdomains, &t->list, ':') && load_assign(t);
}

int table_load_used(table *t, compiled_source *from)
{
	return compiled_readlist(&t->list, "control/virtualdomains", 0, ':', from) != CONTROL_ERROR
		&& constmap_map(&t->virtualdomains, &t->list, ':') && load_assign(t);
}

void table_free(table *t)
{
	constmap_free(&t->virtualdomains);
	control_list_free(&t->list);
	stralloc_free(&t->assign);
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

int table_leads_elsewhere(table const *t, char const *domain)
{
	constmap_entry const *e = constmap_find(&t->virtualdomains, domain, strlen(domain));

	return e && !leads_to(e, domain);
}

int table_serves_others(table const *t, char const *domain)
{
	size_t i;

	for (i = 0; i < t->virtualdomains.n; i++) {
		constmap_entry const *e = t->virtualdomains.entries + i;

		if (leads_to(e, domain) && !text_caseequals(e->key, e->keylen, domain))
			return 1;
	}
	return 0;
}

char const *table_address(table const *t, char const *domain, size_t *i)
{
	size_t n = strlen(domain);

	while (*i < t->virtualdomains.n) {
		constmap_entry const *e = t->virtualdomains.entries + (*i)++;

		if (e->keylen > n && e->key[e->keylen - n - 1] == '@'
		 && text_casecmp(e->key + e->keylen - n, domain, n) == 0)
			return e->key;
	}
	return 0;
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
	assign_status st = ASSIGN_NONE;
	users_record r;
	int ok = stralloc_copyb(&local, e->value, e->valuelen) && stralloc_append(&local, '-');

	if (ok && c && e->valuelen)
		st = assign_lookup(assign_cdb, c, local.s, local.len, &record);
	if (st == ASSIGN_DAMAGED || st == ASSIGN_NOMEM)
		ok = (errno = st == ASSIGN_NOMEM ? ENOMEM : EPROTO, 0);
	else if (ok && st == ASSIGN_FOUND && users_record_parse(&r, record.s, record.len) == USERS_RECORD_OK)
		ok = put_safe(out, r.user, strlen(r.user)) && stralloc_append(out, '\t')
			&& put_safe(out, r.home, strlen(r.home));
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
	int fd = users_open();
	struct cdb c;
	int have;
	int ok;

	if (fd < 0 && errno != ENOENT)
		return 0;
	errno = 0;
	have = fd >= 0 && cdb_init(&c, fd) == 0;
	ok = have || fd < 0 ? put_domains(t, out, have ? &c : 0) : (errno = errno ? errno : EPROTO, 0);
	if (have)
		cdb_free(&c);
	if (fd >= 0)
		fd_close(fd);
	return ok;
}
