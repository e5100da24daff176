/* SPDX-License-Identifier: ISC */

#include "memory.h"

#include <string.h>

#include <skalibs/tai.h>

#include "base/guard.h"
#include "base/io.h"
#include "proto/qq.h"

memory memory_now;

/* The message on its way into the queue. */
static struct { stralloc text, sender, recipients; size_t n; int open, from; } now;

static void forget_message(void)
{
	now.text.len = now.sender.len = now.recipients.len = 0;
	now.n = 0;
	now.open = now.from = 0;
}

void memory_start(span in, cut c)
{
	memory_now.in = in;
	memory_now.cut = c;
	memory_now.state = 0;
	memory_now.out.len = 0;
	memory_now.queued.len = 0;
	memory_now.messages = 0;
	forget_message();
}

void memory_free(void)
{
	stralloc_free(&memory_now.out);
	stralloc_free(&memory_now.queued);
	stralloc_free(&now.text);
	stralloc_free(&now.sender);
	stralloc_free(&now.recipients);
}

static span of(stralloc const *sa)
{
	return (span){ sa->s, sa->len };
}

void memory_again(span in, char const *relayclient, int (*run)(span, cut, char const *), int end)
{
	stralloc said = memory_now.out;
	stralloc queued = memory_now.queued;
	cut c;

	memory_now.out = memory_now.queued = (stralloc)STRALLOC_ZERO;
	for (c = CUT_BYTES; c < CUTS; c++) {
		HOLDS(run(in, c, relayclient) == end);
		HOLDS(fuzz_same(of(&said), of(&memory_now.out)));
		HOLDS(fuzz_same(of(&queued), of(&memory_now.queued)));
	}
	stralloc_free(&said);
	stralloc_free(&queued);
	memory_free();
}

/* ---- base/io.h: nothing takes any time ------------------------------------------------------------------------ */

int io_start(void)
{
	return 1;
}

void io_deadline(tain *d, unsigned int seconds)
{
	(void)seconds;
	*d = tain_infinite;
}

tain const *io_sooner(tain const *a, tain const *b)
{
	(void)b;
	return a;
}

int io_wait(int fd, short events, tain const *deadline)
{
	(void)fd;
	(void)events;
	(void)deadline;
	return 1;
}

ssize_t io_read(int fd, char *buf, size_t n, tain const *deadline)
{
	memory *m = &memory_now;
	size_t len = fuzz_piece(m->cut, &m->state, m->in.n < n ? m->in.n : n);

	(void)fd;
	(void)deadline;
	memcpy(buf, m->in.s, len);
	m->in.s += len;
	m->in.n -= len;
	return (ssize_t)len;
}

int io_write(int fd, char const *s, size_t n, tain const *deadline)
{
	(void)fd;
	(void)deadline;
	fuzz_memory(stralloc_catb(&memory_now.out, s, n));
	return 1;
}

int io_writeall(int fd, char const *s, size_t n)
{
	return io_write(fd, s, n, 0);
}

int io_has_reader(int fd)
{
	(void)fd;
	return 1;
}

/* ---- base/guard.h: a limit on memory is not for a sanitizer -------------------------------------------------- */

void guard_set(void)
{
}

void guard_lift(void)
{
}

/* ---- proto/qq.h: takes every message whose envelope was ended ------------------------------------------------- */

int qq_is_substituted(void)
{
	return 0;
}

int qq_open(qq *q)
{
	forget_message();
	now.open = 1;
	q->failed = 0;
	return 1;
}

unsigned long qq_qp(qq const *q)
{
	(void)q;
	return 1;
}

size_t qq_ok(char s[QQ_OK_FMT], qq const *q, int64_t when)
{
	(void)q;
	(void)when;
	memcpy(s, "ok 1 qp 1", 9);
	return 9;
}

void qq_put(qq *q, char const *s, size_t n)
{
	HOLDS(now.open && !now.from);
	if (!q->failed)
		fuzz_memory(stralloc_catb(&now.text, s, n));
}

void qq_from(qq *q, char const *sender, size_t n)
{
	HOLDS(now.open && !now.from);
	HOLDS(q->failed || !memchr(sender, 0, n));
	now.from = 1;
	fuzz_memory(stralloc_copyb(&now.sender, sender, n));
}

void qq_to(qq *q, char const *recipient, size_t n)
{
	HOLDS(now.open && (now.from || q->failed));
	HOLDS(q->failed || !memchr(recipient, 0, n));
	fuzz_put(&now.recipients, recipient, n);
	now.n++;
}

void qq_fail(qq *q)
{
	HOLDS(now.open);
	q->failed = 1;
}

/* The field in front is two lines of text, whatever the client calls itself; it holds the time, so that it is
 * not compared. */
static span after_received(void)
{
	span text = { now.text.s, now.text.len };
	span first = fuzz_line(&text);
	span second = fuzz_line(&text);
	size_t i;

	HOLDS(first.n > 9 && first.n <= 998 && memcmp(first.s, "Received:", 9) == 0);
	HOLDS(second.n > 2 && second.n <= 998 && second.s[0] == ' ');
	for (i = 0; i < first.n; i++)
		HOLDS(first.s[i] >= 32 && first.s[i] < 127);
	for (i = 0; i < second.n; i++)
		HOLDS(second.s[i] >= 32 && second.s[i] < 127);
	return text;
}

char const *qq_close(qq *q)
{
	memory *m = &memory_now;
	span text;

	HOLDS(now.open);
	now.open = 0;
	if (q->failed)
		return "Zqq read error (#4.3.0)";
	HOLDS(now.from);
	text = after_received();
	fuzz_put(&m->queued, text.s, text.n);
	fuzz_put(&m->queued, now.sender.s, now.sender.len);
	fuzz_putn(&m->queued, now.n);
	if (now.recipients.len)
		fuzz_memory(stralloc_cat(&m->queued, &now.recipients));
	m->messages++;
	return "";
}
