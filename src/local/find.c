/* SPDX-License-Identifier: ISC */

#include "find.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <skalibs/allreadwrite.h>
#include <skalibs/djbunix.h>

#include "base/conf.h"
#include "route/extension.h"

int find_home(outcome *o, delivery const *d, int sticky_ok, int *sticky)
{
	struct stat st;

	if (chdir(d->home) < 0)
		return outcome_defer(o, "Unable to switch to ", d->home, "4.3.0");
	if (stat(".", &st) < 0)
		return outcome_defer(o, "Unable to stat ", d->home, "4.3.0");
	if (st.st_mode & conf_patrn)
		return outcome_set(o, OUTCOME_DEFERRED, "Uh-oh: home directory is writable. (#4.7.0)", (char *)0);
	*sticky = (st.st_mode & S_ISVTX) != 0;
	if (*sticky && !sticky_ok)
		return outcome_set(o, OUTCOME_DEFERRED,
			"Home directory is sticky: user is editing his .qmail file. (#4.2.1)", (char *)0);
	return 1;
}

/* Errors that say that there is no such file. Any other may be over tomorrow, and a bounce would not. */
static int is_absence(int e)
{
	return e == ENOENT || e == ENOTDIR || e == ELOOP || e == ENAMETOOLONG || e == ENXIO || e == ENODEV;
}

/* A descriptor of the file if it is there and regular, -1 if it is not, -2 with *o set. */
static int open_regular(outcome *o, char const *file, mode_t *mode)
{
	struct stat st;
	int fd = open(file, O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0) {
		if (is_absence(errno))
			return -1;
		outcome_defer(o, "Unable to open ", file, "4.3.0");
		return -2;
	}
	if (fstat(fd, &st) < 0) {
		outcome_defer(o, "Unable to open ", file, "4.3.0");
		fd_close(fd);
		return -2;
	}
	if (!S_ISREG(st.st_mode)) {
		fd_close(fd);
		return -1;
	}
	if (st.st_mode & conf_patrn) {
		outcome_set(o, OUTCOME_DEFERRED, "Uh-oh: .qmail file is writable. (#4.7.0)", (char *)0);
		fd_close(fd);
		return -2;
	}
	*mode = st.st_mode;
	return fd;
}

static int read_text(outcome *o, int fd, instructions *i)
{
	for (;;) {
		ssize_t r;

		if (i->text.len > FIND_BYTES_MAX)
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
static int look(outcome *o, delivery const *d, instructions *i)
{
	extension_search x;
	size_t offset;
	mode_t mode = 0;
	int ok;

	extension_start(&x, d->dash, strlen(d->dash), d->safe.s, d->safe.len);
	while (extension_next(&x)) {
		int fd;

		if (!extension_file(&x, &i->file))
			return outcome_nomem(o), -1;
		fd = open_regular(o, i->file.s, &mode);
		if (fd == -1)
			continue;
		if (fd < 0)
			return -1;
		ok = read_text(o, fd, i);
		fd_close(fd);
		i->forward_only = (mode & S_IXUSR) != 0;
		if (extension_default(&x, &offset))
			i->default_part = d->ext + offset;
		return ok ? 1 : -1;
	}
	return 0;
}

int find_instructions(outcome *o, delivery const *d, instructions *i)
{
	int r = look(o, d, i);

	if (r < 0)
		return 0;
	if (r == 0 && *d->dash)
		return outcome_set(o, OUTCOME_FAILED, "Sorry, no mailbox here by that name. (#5.1.1)", (char *)0);
	if (r == 0)
		i->file.len = 0;
	if (i->text.len == 0) {
		/* The default is the administrator's: the user's x bit says nothing about it. */
		i->forward_only = 0;
		i->file.len = 0;
		if (!stralloc_copys(&i->text, d->fallback))
			return outcome_nomem(o);
	}
	return 1;
}

/* 1 there (whatever it is), 0 not there, -1 with *o set. */
static int there(outcome *o, char const *file)
{
	struct stat st;

	if (stat(file, &st) == 0)
		return 1;
	/* A directory we may not search holds no owner file for us. */
	if (is_absence(errno) || errno == EACCES || errno == EPERM)
		return 0;
	outcome_defer(o, "Unable to open ", file, "4.3.0");
	return -1;
}

int find_newsender(outcome *o, delivery *d)
{
	stralloc file = STRALLOC_ZERO;
	int wildcard;
	int r;

	if (!stralloc_copys(&d->newsender, d->sender) || !stralloc_0(&d->newsender))
		return outcome_nomem(o);
	d->newsender.len--;
	if (extension_keeps_sender(d->sender))
		return 1;
	for (wildcard = 0; wildcard <= 1; wildcard++) {
		if (!extension_owner(&file, d->dash, d->safe.s, d->safe.len, wildcard))
			return outcome_nomem(o);
		r = there(o, file.s);
		if (r < 0)
			return 0;
		if (r == 0)
			break;
		if (!extension_newsender(&d->newsender, d->local, d->host, wildcard))
			return outcome_nomem(o);
	}
	stralloc_free(&file);
	return 1;
}
