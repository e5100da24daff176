/* SPDX-License-Identifier: ISC */

#include "mailbox.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "proto/users.h"
#include "recipient/asuser.h"
#include "recipient/identify.h"
#include "recipient/lastresort.h"
#include "recipient/mailbox.h"

/* A minute for a home that does not answer; after some of these nobody is asked any more. */
enum { SECONDS = 60, LATE_MAX = 3, BATCH_MAX = 1000 };

/* ---- looking as the users */

/* What stands behind a number in a batch, each with a NUL behind it. */
typedef struct question
{
	size_t number;
	char const *address;
	char const *local;
	char const *home;
	char const *dash;
	char const *ext;
} question;

static char const *take_text(char const **s)
{
	char const *text = *s;

	*s += strlen(text) + 1;
	return text;
}

static size_t take(question *q, char const *s)
{
	char const *start = s;

	memcpy(&q->number, s, sizeof q->number);
	s += sizeof q->number;
	q->address = take_text(&s);
	q->local = take_text(&s);
	q->home = take_text(&s);
	q->dash = take_text(&s);
	q->ext = take_text(&s);
	return (size_t)(s - start);
}

static int put(stralloc *sa, question const *q)
{
	char const *const part[] = { q->address, q->local, q->home, q->dash, q->ext };
	size_t start = sa->len;
	size_t i;
	int ok = stralloc_catb(sa, (char const *)&q->number, sizeof q->number);

	for (i = 0; i < sizeof part / sizeof *part && ok; i++)
		ok = stralloc_cats(sa, part[i]) && stralloc_0(sa);
	if (!ok)
		sa->len = start;
	return ok;
}

/* The work of the child: a byte for each question. */
static int look(stralloc *out, void *data)
{
	stralloc const *questions = data;
	size_t at = 0;

	while (at < questions->len) {
		question q;
		users_record r = { .user = "" };
		char verdict;

		at += take(&q, questions->s + at);
		r.home = q.home;
		r.dash = q.dash;
		r.ext = q.ext;
		verdict = (char)mailbox_look(&r, 0);
		if (!stralloc_catb(out, &verdict, 1))
			return 0;
	}
	return 1;
}

/* n bytes into *out; what could not be found out is UNKNOWN. */
static int look_as(stralloc *out, stralloc *questions, size_t n, uid_t uid, gid_t gid)
{
	static unsigned int late;

	out->len = 0;
	errno = 0;
	if (late < LATE_MAX && asuser_run(out, uid, gid, SECONDS, look, questions) && out->len == n)
		return 1;
	late += errno == ETIMEDOUT;
	if (!stralloc_ready(out, n))
		return 0;
	memset(out->s, MAILBOX_UNKNOWN, n);
	out->len = n;
	return 1;
}

static mailbox_verdict verdict_byte(char c)
{
	return c == MAILBOX_THERE ? MAILBOX_THERE : c == MAILBOX_NONE ? MAILBOX_NONE : MAILBOX_UNKNOWN;
}

/* ---- one address */

static mailbox_verdict look_alone(stralloc *record, stralloc *home)
{
	stralloc questions = STRALLOC_ZERO;
	stralloc found = STRALLOC_ZERO;
	mailbox_verdict v = MAILBOX_UNKNOWN;
	users_record r;

	if (users_record_parse(&r, record->s, record->len) == USERS_RECORD_OK && stralloc_copys(home, r.home)
	 && stralloc_0(home)
	 && put(&questions, &(question){ .address = "", .local = "", .home = r.home, .dash = r.dash, .ext = r.ext })
	 && look_as(&found, &questions, 1, r.uid, r.gid))
		v = verdict_byte(found.s[0]);
	stralloc_free(&questions);
	stralloc_free(&found);
	return v;
}

static address_verdict verdict_of(mailbox_verdict v)
{
	return v == MAILBOX_THERE ? ADDRESS_THERE : v == MAILBOX_NONE ? ADDRESS_BOUNCES : ADDRESS_UNKNOWN;
}

/* There is nobody in the home of the user: alias may be the last resort. */
static address_verdict last_resort(char const *local, stralloc *home)
{
	stralloc record = STRALLOC_ZERO;
	mailbox_verdict v = MAILBOX_NONE;
	char const *source;

	if (lastresort_wanted() > 0)
		v = lastresort_user(&record, local, geteuid() == 0, &source) == 0
			? look_alone(&record, home) : MAILBOX_UNKNOWN;
	stralloc_free(&record);
	return verdict_of(v);
}

/* Whose it is. THERE: it is local, *recipient is the local part, NUL-terminated, and *record the user's. */
static address_verdict find_user(setup const *s, char const *address, stralloc *recipient, stralloc *record)
{
	char const *source;
	char *at;

	switch (rewrite_address(&s->tables.tables, recipient, address, strlen(address))) {
	case REWRITE_REMOTE:
		return ADDRESS_REMOTE;
	case REWRITE_LOCAL:
		at = stralloc_0(recipient) ? strrchr(recipient->s, '@') : 0;
		if (!at)
			break;
		*at = 0;
		return identify_user(record, recipient->s, geteuid() == 0, &source) == 0
			? ADDRESS_THERE : ADDRESS_UNKNOWN;
	case REWRITE_NOMEM:
		break;
	}
	return ADDRESS_UNKNOWN;
}

address_verdict mailbox_of(setup const *s, char const *address, stralloc *home)
{
	stralloc recipient = STRALLOC_ZERO;
	stralloc record = STRALLOC_ZERO;
	address_verdict v = find_user(s, address, &recipient, &record);

	home->len = 0;
	if (v == ADDRESS_THERE)
		v = verdict_of(look_alone(&record, home));
	if (v == ADDRESS_BOUNCES)
		v = last_resort(recipient.s, home);
	stralloc_free(&recipient);
	stralloc_free(&record);
	return v;
}

/* ---- many */

static void tell(mailbox_batch const *b, question const *q, mailbox_verdict found)
{
	address_verdict v = verdict_of(found);
	stralloc home = STRALLOC_ZERO;

	if (v == ADDRESS_BOUNCES)
		v = last_resort(q->local, &home);
	b->told(b->data, q->number, q->address, home.len ? home.s : q->home, v);
	stralloc_free(&home);
}

static void answer(mailbox_batch *b)
{
	stralloc found = STRALLOC_ZERO;
	size_t at = 0;
	size_t i;

	if (b->n && !look_as(&found, &b->questions, b->n, b->uid, b->gid))
		b->failed = 1;
	for (i = 0; i < found.len; i++) {
		question q;

		at += take(&q, b->questions.s + at);
		tell(b, &q, verdict_byte(found.s[i]));
	}
	b->n = 0;
	b->questions.len = 0;
	stralloc_free(&found);
}

void mailbox_ask_later(mailbox_batch *b, setup const *s, char const *address, size_t number)
{
	stralloc recipient = STRALLOC_ZERO;
	stralloc record = STRALLOC_ZERO;
	address_verdict v = find_user(s, address, &recipient, &record);
	users_record r;

	if (v == ADDRESS_THERE && users_record_parse(&r, record.s, record.len) != USERS_RECORD_OK)
		v = ADDRESS_UNKNOWN;
	if (v != ADDRESS_THERE || b->n == BATCH_MAX || r.uid != b->uid || r.gid != b->gid)
		answer(b);
	if (v != ADDRESS_THERE) {
		b->told(b->data, number, address, "", v);
	} else if (put(&b->questions, &(question){ .number = number, .address = address, .local = recipient.s,
		.home = r.home, .dash = r.dash, .ext = r.ext })) {
		b->uid = r.uid;
		b->gid = r.gid;
		b->n++;
	} else {
		b->failed = 1;
	}
	stralloc_free(&recipient);
	stralloc_free(&record);
}

void mailbox_finish(mailbox_batch *b)
{
	answer(b);
	stralloc_free(&b->questions);
}
