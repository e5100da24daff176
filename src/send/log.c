/* SPDX-License-Identifier: ISC */

#include "send/log.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include <skalibs/stralloc.h>
#include <skalibs/types.h>

#include "base/text.h"

enum { LOG_FD = 0, PATIENCE_MS = 30000, PAUSE_SECONDS = 10 };

static stralloc line = STRALLOC_ZERO;
static stralloc held = STRALLOC_ZERO;
static int holding;
static int stuck;
static uint64_t lost;

/* Whether a write of up to PIPE_BUF bytes will not block. */
static int writable(void)
{
	struct pollfd x = { .fd = LOG_FD, .events = POLLOUT, .revents = 0 };
	int r;

	do
		r = poll(&x, 1, stuck ? 0 : PATIENCE_MS);
	while (r < 0 && errno == EINTR);
	stuck = r == 0;
	return r != 0;
}

static size_t count_lines(char const *s, size_t n)
{
	size_t count = 0;
	size_t i;

	for (i = 0; i < n; i++)
		count += s[i] == '\n';
	return count;
}

/* As many whole lines as a pipe takes at once, so that what others write to it is not in the midst of a line. A line
 * that is longer goes in pieces. */
static size_t piece(char const *s, size_t n)
{
	size_t end = n < PIPE_BUF ? n : PIPE_BUF;

	while (end > 0 && s[end - 1] != '\n')
		end--;
	return end ? end : n < PIPE_BUF ? n : PIPE_BUF;
}

static int write_all(char const *s, size_t n)
{
	while (n > 0) {
		ssize_t r;

		if (!writable())
			break;
		r = write(LOG_FD, s, piece(s, n));
		if (r < 0 && errno != EINTR && errno != EAGAIN)
			break;
		if (r > 0) {
			s += r;
			n -= (size_t)r;
		}
	}
	lost += count_lines(s, n);
	return n == 0;
}

/* Once the reader is back, say what it missed. */
static void confess(void)
{
	static char const before[] = "warning: the log could not be written; lines lost: ";
	char s[sizeof before + UINT64_FMT + 1];
	size_t n = sizeof before - 1;
	uint64_t missed = lost;

	if (!lost || !writable())
		return;
	memcpy(s, before, n);
	n += uint64_fmt(s + n, lost);
	s[n++] = '\n';
	lost = 0;
	if (!write_all(s, n))
		lost = missed;
}

static void write_held(void)
{
	if (!held.len)
		return;
	confess();
	(void)write_all(held.s, held.len);
	held.len = 0;
}

static void write_lines(char const *s, size_t n)
{
	if (holding && stralloc_catb(&held, s, n)) {
		if (held.len >= PIPE_BUF)
			write_held();
		return;
	}
	write_held();
	confess();
	(void)write_all(s, n);
}

void log_hold(void)
{
	holding = 1;
}

void log_let_go(void)
{
	holding = 0;
	write_held();
}

static void pause_long(void)
{
	sleep(PAUSE_SECONDS);
}

void log_nomem(void)
{
	static char const text[] = "alert: out of memory, sleeping...\n";

	write_held();
	(void)write_all(text, sizeof text - 1);
	pause_long();
}

void log_text(char const *s)
{
	while (!stralloc_cats(&line, s))
		log_nomem();
}

void log_number(uint64_t n)
{
	char s[UINT64_FMT];

	while (!stralloc_catb(&line, s, uint64_fmt(s, n)))
		log_nomem();
}

void log_safe(char const *s, size_t n)
{
	while (!text_safe(&line, s, n))
		log_nomem();
}

void log_end(void)
{
	while (!stralloc_append(&line, '\n'))
		log_nomem();
	write_lines(line.s, line.len);
	line.len = 0;
}

void log_raw(char const *s, size_t n)
{
	if (n)
		write_lines(s, n);
}

void log_line(char const *a, char const *b, char const *c)
{
	log_text(a);
	if (b)
		log_text(b);
	if (c)
		log_text(c);
	log_end();
}

void log_pause(char const *a, char const *b, char const *c)
{
	log_line(a, b, c);
	write_held();
	pause_long();
}
