/* SPDX-License-Identifier: ISC */

#include "mail/dotqmail.h"

#include <string.h>

static char const is_dos[] = "ends in a carriage return; save the file with plain line ends";
static char const has_nul[] = "has a NUL byte in it; remove it";
static char const is_long[] = "has an address of more than 1002 bytes; shorten it";

static void set(dotqmail *d, dotqmail_kind kind, char const *arg, size_t len)
{
	d->kind = kind;
	d->arg = arg;
	d->len = len;
}

static void set_bad(dotqmail *d, char const *why)
{
	set(d, DOTQMAIL_BAD, why, strlen(why));
}

/* A carriage return is a byte like any other in a file name or a command, where somebody may mean it.
 * After the slash of a maildir and in a mail domain nobody does: the one would make an mbox inside the
 * maildir, the other a bounce. */
static void set_file(dotqmail *d, char const *s, size_t n)
{
	if (n >= 2 && s[n - 1] == '\r' && s[n - 2] == '/')
		set_bad(d, is_dos);
	else
		set(d, s[n - 1] == '/' ? DOTQMAIL_MAILDIR : DOTQMAIL_MBOX, s, n);
}

static void set_forward(dotqmail *d, char const *s, size_t n)
{
	if (n > 0 && s[n - 1] == '\r')
		set_bad(d, is_dos);
	else if (n > DOTQMAIL_ADDRESS_MAX)
		set_bad(d, is_long);
	else
		set(d, DOTQMAIL_FORWARD, s, n);
}

static size_t trimmed(char const *s, size_t n)
{
	while (n > 0 && (s[n - 1] == ' ' || s[n - 1] == '\t'))
		n--;
	return n;
}

size_t dotqmail_next(dotqmail *d, char const *s, size_t n)
{
	char const *newline = n ? memchr(s, '\n', n) : 0;
	size_t line = newline ? (size_t)(newline - s) : n;
	size_t len = trimmed(s, line);

	if (len == 0 || s[0] == '#') {
		set(d, len ? DOTQMAIL_COMMENT : DOTQMAIL_BLANK, len ? s + 1 : s, len ? len - 1 : 0);
		return newline ? line + 1 : line;
	}
	/* No file name, command or address can have one: what would be obeyed is not what stands there. */
	if (memchr(s, 0, len)) {
		set_bad(d, has_nul);
		return newline ? line + 1 : line;
	}
	switch (s[0]) {
	case '.':
	case '/':
		set_file(d, s, len);
		break;
	case '|':
		set(d, DOTQMAIL_PROGRAM, s + 1, len - 1);
		break;
	case '+':
		set(d, len == 5 && memcmp(s, "+list", 5) == 0 ? DOTQMAIL_LIST : DOTQMAIL_OTHER, s + 1, len - 1);
		break;
	case '&':
		set_forward(d, s + 1, len - 1);
		break;
	default:
		set_forward(d, s, len);
	}
	return newline ? line + 1 : line;
}

dotqmail_verdict dotqmail_judge(dotqmail_run *r, dotqmail const *d)
{
	r->line++;
	switch (d->kind) {
	case DOTQMAIL_BLANK:
		return r->line == 1 ? DOTQMAIL_NOTHING : DOTQMAIL_PASS;
	case DOTQMAIL_COMMENT:
	case DOTQMAIL_OTHER:
		return DOTQMAIL_PASS;
	case DOTQMAIL_LIST:
		r->forward_only = 1;
		return DOTQMAIL_PASS;
	case DOTQMAIL_MBOX:
	case DOTQMAIL_MAILDIR:
		return r->forward_only ? DOTQMAIL_NO_FILE : DOTQMAIL_OBEY;
	case DOTQMAIL_PROGRAM:
		return r->forward_only ? DOTQMAIL_NO_PROGRAM : DOTQMAIL_OBEY;
	case DOTQMAIL_FORWARD:
		return DOTQMAIL_OBEY;
	case DOTQMAIL_BAD:
		break;
	}
	return DOTQMAIL_MISTAKE;
}

char const *dotqmail_complaint(dotqmail_verdict v)
{
	switch (v) {
	case DOTQMAIL_NOTHING:
		return "Uh-oh: first line of .qmail file is blank. (#4.2.1)";
	case DOTQMAIL_NO_FILE:
		return "Uh-oh: .qmail has file delivery but has x bit set. (#4.7.0)";
	case DOTQMAIL_NO_PROGRAM:
		return "Uh-oh: .qmail has prog delivery but has x bit set. (#4.7.0)";
	case DOTQMAIL_PASS:
	case DOTQMAIL_OBEY:
	case DOTQMAIL_MISTAKE:
		break;
	}
	return "";
}

size_t dotqmail_ahead(dotqmail *d, char const *s, size_t n)
{
	size_t line = 0;

	while (n > 0) {
		size_t took = dotqmail_next(d, s, n);

		line++;
		if (d->kind == DOTQMAIL_PROGRAM)
			return 0;
		if (d->kind == DOTQMAIL_BAD)
			return line;
		s += took;
		n -= took;
	}
	return 0;
}
