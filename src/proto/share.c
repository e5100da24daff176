/* SPDX-License-Identifier: ISC */

#include "proto/share.h"

#include <string.h>

#include "mail/crowded.h"
#include "proto/report.h"

static char const dislike[] = " does not like recipient.\n";
static char const said[] = "Remote host said: ";
static char const giving_up[] = "DGiving up on ";

/* One report, NUL included; null and 0 when there is none. */
typedef struct part
{
	char const *s;
	size_t n;
} part;

/* What was printed, as it concerns one of the recipients. */
typedef struct view
{
	part own;               /* his report */
	part message;           /* that of the message */
	size_t reports;         /* on recipients */
	size_t accepted;        /* r among them */
	size_t before;          /* r among those in front of his own */
} view;

static int is_message(char c)
{
	return c == 'K' || c == 'Z' || c == 'D';
}

/* An unfinished report at the end is none. */
static void look(view *v, char const *s, size_t n, size_t which)
{
	char const *nul;

	*v = (view){ .reports = 0 };
	while (n > 0 && (nul = memchr(s, 0, n)) != 0) {
		part p = { s, (size_t)(nul + 1 - s) };

		if (is_message(*s)) {
			v->message = p;
			return;
		}
		if (v->reports == which) {
			v->own = p;
			v->before = v->accepted;
		}
		v->accepted += *s == 'r';
		v->reports++;
		s += p.n;
		n -= p.n;
	}
}

/* The words after which qmail-remote gives up when it has no recipient left, which belong to a lone one's report. */
static int add_giving_up(stralloc *sa, part own)
{
	char const *end = memmem(own.s, own.n, dislike, sizeof dislike - 1);

	if (!end)
		return 1;
	return stralloc_catb(sa, giving_up, sizeof giving_up - 1) && stralloc_catb(sa, own.s + 1, (size_t)(end - own.s) - 1)
		&& stralloc_catb(sa, ".\n", 3);
}

static int is_crowded(part own)
{
	char const *reply = memmem(own.s, own.n, said, sizeof said - 1);

	if (!reply)
		return 0;
	reply += sizeof said - 1;
	return crowded_is(reply, (size_t)(own.s + own.n - 1 - reply));
}

/* What a run for him alone would have printed. */
static share_status alone(stralloc *sa, view const *v)
{
	int with_message = 0;
	int refused = 0;
	int ok;

	if (v->own.n == 0) {
		if (v->message.n && v->message.s[0] != 'Z' && v->reports > 0)
			return SHARE_AGAIN;
		with_message = v->message.n && v->message.s[0] != 'K';
	} else if (v->own.s[0] == 'r') {
		if (v->message.n && v->message.s[0] == 'D' && v->accepted > 1)
			return SHARE_ALONE;
		with_message = 1;
	} else if (v->own.s[0] == 'h' || v->own.s[0] == 's') {
		if (v->before > 0 && v->own.s[0] == 'h')
			return SHARE_ALONE;
		if (v->before > 0 && is_crowded(v->own) && v->message.n && v->message.s[0] != 'Z')
			return SHARE_AGAIN;
		refused = 1;
	}
	ok = !v->own.n || stralloc_catb(sa, v->own.s, v->own.n);
	if (ok && refused)
		ok = add_giving_up(sa, v->own);
	if (ok && with_message && v->message.n)
		ok = stralloc_catb(sa, v->message.s, v->message.n);
	return ok ? SHARE_TOLD : SHARE_NOMEM;
}

share_status share_put(char const *s, size_t n, int status, size_t which, unsigned int number, stralloc *out)
{
	stralloc mine = STRALLOC_ZERO;
	report r = REPORT_ZERO;
	share_status result = SHARE_TOLD;
	view v;

	if (status == 0) {
		look(&v, s, n, which);
		result = alone(&mine, &v);
		if (result == SHARE_TOLD && !mine.len && n > 0 && !stralloc_append(&mine, 0))
			result = SHARE_NOMEM;
		s = mine.s;
		n = mine.len;
	}
	if (result == SHARE_TOLD) {
		report_remote_feed(&r, s, n);
		if (!report_remote_put(&r, status, number, out))
			result = SHARE_NOMEM;
	}
	report_reset(&r);
	stralloc_free(&mine);
	return result;
}

int share_strained(char const *s, size_t n, int status)
{
	view v;

	look(&v, s, n, 0);
	return status != 0 || (v.accepted > 0 && (!v.message.n || v.message.s[0] != 'K'));
}
