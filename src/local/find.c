/* SPDX-License-Identifier: ISC */

#include "find.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <skalibs/allreadwrite.h>
#include <skalibs/djbunix.h>

#include "mail/dotqmail.h"
#include "route/dotfile.h"

int find_home(outcome *o, delivery const *d, int sticky_ok, int *sticky)
{
	dotfile_home_verdict v;
	struct stat st;

	if (chdir(d->home) < 0)
		return outcome_defer(o, "Unable to switch to ", d->home, "4.3.0");
	if (stat(".", &st) < 0)
		return outcome_defer(o, "Unable to stat ", d->home, "4.3.0");
	v = dotfile_home(st.st_mode);
	*sticky = v == DOTFILE_HOME_STICKY;
	if (v == DOTFILE_HOME_WRITABLE || (*sticky && !sticky_ok))
		return outcome_set(o, OUTCOME_DEFERRED, dotfile_home_complaint(v), (char *)0);
	return 1;
}

/* The dotfile_look that opens; data is where the descriptor of the file last opened is kept. */
static int open_file(void *data, char const *file, mode_t *mode)
{
	int *fd = data;
	struct stat st;

	if (*fd >= 0)
		fd_close(*fd);
	*fd = open(file, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (*fd < 0 || fstat(*fd, &st) < 0)
		return errno;
	*mode = st.st_mode;
	return 0;
}

static int read_text(outcome *o, int fd, instructions *i)
{
	for (;;) {
		ssize_t r;

		if (i->text.len > DOTQMAIL_FILE_MAX)
			return outcome_set(o, OUTCOME_DEFERRED, "Uh-oh: ", i->file.s, " is over 16 megabytes;"
				" move long lists into a mailing list manager. (#4.2.1)", (char *)0);
		if (!stralloc_readyplus(&i->text, 8192))
			return outcome_nomem(o);
		r = fd_read(fd, i->text.s + i->text.len, 8192);
		if (r < 0)
			return outcome_defer(o, "Unable to read ", i->file.s, "4.3.0");
		if (r == 0)
			return 1;
		i->text.len += (size_t)r;
	}
}

/* 1 found and read, 0 none there, -1 with *o set. */
static int take(outcome *o, dotfile_found const *f, int fd, instructions *i)
{
	switch (f->verdict) {
	case DOTFILE_ABSENT:
		return 0;
	case DOTFILE_UNKNOWN:
		errno = f->error;
		return outcome_defer(o, "Unable to open ", f->file.s, "4.3.0"), -1;
	case DOTFILE_WRITABLE:
		return outcome_set(o, OUTCOME_DEFERRED, dotfile_writable, (char *)0), -1;
	case DOTFILE_USABLE:
		break;
	}
	i->file = f->file;
	i->forward_only = dotfile_forward_only(f->mode);
	i->default_part = f->default_part;
	return read_text(o, fd, i) ? 1 : -1;
}

static int look(outcome *o, delivery const *d, instructions *i)
{
	dotfile_found f = DOTFILE_FOUND_ZERO;
	int fd = -1;
	int r = dotfile_find(&f, d, open_file, &fd) ? take(o, &f, fd, i) : (outcome_nomem(o), -1);

	if (fd >= 0)
		fd_close(fd);
	return r;
}

int find_instructions(outcome *o, delivery const *d, instructions *i)
{
	int r = look(o, d, i);

	if (r < 0)
		return 0;
	if (r == 0 && *d->dash)
		return outcome_set(o, OUTCOME_FAILED, "Sorry, no mailbox here by that name. (#5.1.1)", (char *)0);
	if (i->text.len == 0) {
		/* The default is the administrator's: the user's x bit says nothing about it. */
		i->forward_only = 0;
		i->file.len = 0;
		if (!stralloc_copys(&i->text, d->fallback))
			return outcome_nomem(o);
	}
	return 1;
}

/* The dotfile_look that sees whether a name is there, whatever it is. */
static int look_at(void *data, char const *file, mode_t *mode)
{
	struct stat st;

	(void)data;
	if (stat(file, &st) < 0)
		return errno;
	*mode = st.st_mode;
	return 0;
}

int find_newsender(outcome *o, delivery *d)
{
	stralloc file = STRALLOC_ZERO;
	int error;
	int ok = 1;

	switch (dotfile_newsender(d, look_at, 0, &file, &error)) {
	case DOTFILE_SENDER_SET:
		break;
	case DOTFILE_SENDER_NOMEM:
		ok = outcome_nomem(o);
		break;
	case DOTFILE_SENDER_UNKNOWN:
		errno = error;
		ok = outcome_defer(o, "Unable to open ", file.s, "4.3.0");
		break;
	}
	stralloc_free(&file);
	return ok;
}
