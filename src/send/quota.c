/* SPDX-License-Identifier: ISC */

#include "send/quota.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "send/log.h"
#include "send/policy.h"

/* Thousands of domains may have somebody who waits, and each recipient asks for his. */
enum { BUCKETS = 4096, HASH_START = 5381, HASH_FACTOR = 33 };

static quota *all;
static quota *last;
static quota *buckets[BUCKETS];

quota *quota_all(void)
{
	return all;
}

/* What counts together: the domain, or with whole the address. */
static char const *key_of(char const *recipient, size_t *n, int whole)
{
	size_t at = text_rchr(recipient, *n, '@');

	if (whole || at == *n)
		return recipient;
	*n -= at + 1;
	return recipient + at + 1;
}

static quota **bucket_of(char const *key, size_t n)
{
	uint32_t hash = HASH_START;
	size_t i;

	for (i = 0; i < n; i++)
		hash = hash * HASH_FACTOR ^ (unsigned char)text_lower(key[i]);
	return &buckets[hash % BUCKETS];
}

static quota *look(char const *key, size_t n)
{
	quota *q = *bucket_of(key, n);

	while (q && (q->key.len != n || text_casecmp(q->key.s, key, n) != 0))
		q = q->beside;
	return q;
}

static quota *make(char const *key, size_t n, unsigned int limit)
{
	quota **bucket = bucket_of(key, n);
	quota *q;

	while (!(q = calloc(1, sizeof *q)))
		log_nomem();
	while (!stralloc_ready(&q->key, n + 1) || !stralloc_copyb(&q->key, key, n))
		log_nomem();
	text_lowerb(q->key.s, q->key.len);
	q->limit = limit;
	q->beside = *bucket;
	*bucket = q;
	q->next = all;
	if (all)
		all->before = q;
	else
		last = q;
	all = q;
	return q;
}

int quota_limited(char const *recipient, size_t n)
{
	int whole;

	return policy_concurrency(recipient, n, &whole) < UINT_MAX;
}

quota *quota_find(char const *recipient, size_t n)
{
	int whole = 0;
	unsigned int limit = policy_concurrency(recipient, n, &whole);
	char const *key;
	quota *q;

	if (limit == UINT_MAX && !all)
		return 0;
	key = key_of(recipient, &n, whole);
	q = look(key, n);
	/* One without a limit any more may still have somebody who waits: nobody overtakes him. */
	if (q || limit == UINT_MAX)
		return q;
	return make(key, n, limit);
}

int quota_fits(quota const *q, char const *recipient, size_t n)
{
	char const *key = key_of(recipient, &n, memchr(q->key.s, '@', q->key.len) != 0);

	return q->key.len == n && text_casecmp(q->key.s, key, n) == 0;
}

static void unchain(quota *q)
{
	if (q->before)
		q->before->next = q->next;
	else
		all = q->next;
	if (q->next)
		q->next->before = q->before;
	else
		last = q->before;
}

void quota_served(quota *q)
{
	if (q == last)
		return;
	unchain(q);
	q->next = 0;
	q->before = last;
	last->next = q;
	last = q;
}

void quota_forget(quota *q)
{
	quota **b;

	if (q->used || q->first)
		return;
	b = bucket_of(q->key.s, q->key.len);
	while (*b != q)
		b = &(*b)->beside;
	*b = q->beside;
	unchain(q);
	stralloc_free(&q->key);
	free(q);
}

quota *quota_take(char const *recipient, size_t n)
{
	quota *q = quota_find(recipient, n);

	if (q)
		q->used++;
	return q;
}

void quota_give(quota *q)
{
	if (!q)
		return;
	q->used--;
	quota_forget(q);
}

void quota_reload(void)
{
	quota *q;
	int whole;

	for (q = all; q; q = q->next)
		q->limit = policy_concurrency(q->key.s, q->key.len, &whole);
}
