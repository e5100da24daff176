/* SPDX-License-Identifier: ISC */

/* qbiff: tell the user, on each terminal where he wants to know, that mail comes for him. */

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utmpx.h>

#include <skalibs/djbunix.h>
#include <skalibs/stralloc.h>

#include "base/fds.h"
#include "base/io.h"
#include "base/text.h"
#include "mail/hfield.h"
#include "mail/hsplit.h"

char const *PROG = "qbiff";

enum { SHOWN_MAX = 78, FIELD_MAX = 1000, BLOCK = 4096 };

/* Nobody is helped by a delivery that fails because of this. */
static void give_up(void)
{
	_exit(0);
}

static char const *must_have(char const *name)
{
	char const *s = getenv(name);

	if (!s)
		give_up();
	return s;
}

static int take_subject(void *data, char const *s, size_t n)
{
	stralloc *text = data;
	size_t skip = hfield_body(s, n);

	if (text->len > 0 || !text_caseequals(s, hfield_name(s, n), "subject"))
		return 1;
	return stralloc_catb(text, s + skip, n - skip);
}

/* Of a body only what can be shown. */
static int add_body(stralloc *text, char const *s, size_t n)
{
	size_t room = text->len < SHOWN_MAX ? SHOWN_MAX - text->len : 0;

	return stralloc_catb(text, s, n < room ? n : room);
}

/* The line that ends the header is part of the body unless it is empty. */
static int end_header(stralloc *text, stralloc const *line)
{
	return line->s[0] == '\n' || add_body(text, line->s, line->len);
}

/* The subject, and the start of the body behind it. */
static int read_message(stralloc *text)
{
	hsplit h = HSPLIT_INIT(FIELD_MAX);
	char block[BLOCK];
	ssize_t r;

	while ((!h.body || text->len < SHOWN_MAX) && (r = io_read(0, block, sizeof block, 0)) > 0) {
		ssize_t used = 0;

		if (!h.body) {
			used = hsplit_feed(&h, block, (size_t)r, take_subject, text);
			if (used < 0 || (h.body && !end_header(text, &h.line)))
				return 0;
		}
		if (h.body && !add_body(text, block + used, (size_t)(r - used)))
			return 0;
	}
	return hsplit_end(&h, take_subject, text);
}

/* Append what a stranger wrote so that it cannot steer a terminal. */
static int show(stralloc *sa, char const *s, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (!stralloc_append(sa, s[i] < 32 || s[i] > 126 ? '/' : s[i]))
			return 0;
	return 1;
}

static int compose(stralloc *sa)
{
	char const *local = must_have("LOCAL");
	char const *sender = must_have("SENDER");
	stralloc text = STRALLOC_ZERO;

	if (!read_message(&text))
		return 0;
	if (text.len > SHOWN_MAX)
		text.len = SHOWN_MAX;
	while (text.len > 0 && text.s[text.len - 1] == '\n')
		text.len--;
	return stralloc_cats(sa, "\r\n\a*** TO <") && show(sa, local, strlen(local))
		&& stralloc_cats(sa, "> FROM <") && show(sa, sender, strlen(sender))
		&& stralloc_cats(sa, ">\r\n    ") && show(sa, text.s, text.len) && stralloc_cats(sa, "\r\n");
}

/* A terminal is told if its user has set the owner's x bit, as biff y does. */
static int wants_to_know(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISCHR(st.st_mode) && st.st_uid == getuid() && st.st_mode & S_IXUSR && isatty(fd);
}

/* A terminal whose output is stopped must not stop the delivery. */
static void tell(char const *line, stralloc const *sa)
{
	char path[5 + sizeof ((struct utmpx *)0)->ut_line + 1] = "/dev/";
	int fd;

	memcpy(path + 5, line, sizeof ((struct utmpx *)0)->ut_line);
	if (strstr(path, ".."))
		return;
	fd = open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return;
	if (wants_to_know(fd))
		(void)io_writeall(fd, sa->s, sa->len);
	fd_close(fd);
}

int main(void)
{
	char const *user = must_have("USER");
	stralloc sa = STRALLOC_ZERO;
	struct utmpx const *u;

	if (!fds_sane(2) || !compose(&sa))
		give_up();
	while ((u = getutxent()))
		if (u->ut_type == USER_PROCESS && strlen(user) <= sizeof u->ut_user
			&& strncmp(u->ut_user, user, sizeof u->ut_user) == 0)
			tell(u->ut_line, &sa);
	give_up();
}
