/* SPDX-License-Identifier: ISC */

#include "recipient/mailbox.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <skalibs/djbunix.h>

#include "base/child.h"
#include "base/drop.h"
#include "base/fds.h"
#include "base/sandbox.h"
#include "recipient/fresh.h"
#include "route/dotfile.h"
#include "route/extension.h"

/* Exit codes of the child; any other is no answer. */
enum { CODE_THERE = 10, CODE_NONE = 11, CODE_WAITS = 12, CODE_UNKNOWN = 111 };

/* The dotfile_look that opens, as qmail-local does: some files can be seen and not be opened. */
static int open_file(void *data, char const *file, mode_t *mode)
{
	struct stat st = { .st_mode = 0 };
	int fd = open(file, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	int error = fd < 0 || fstat(fd, &st) < 0 ? errno : 0;

	(void)data;
	if (fd >= 0)
		fd_close(fd);
	if (!error)
		*mode = st.st_mode;
	return error;
}

static mailbox_verdict search(users_record const *r)
{
	dotfile_found f = DOTFILE_FOUND_ZERO;
	delivery d = DELIVERY_ZERO;
	mailbox_verdict v = MAILBOX_UNKNOWN;

	d.dash = r->dash;
	d.ext = r->ext;
	if (extension_safe(&d.safe, r->ext, strlen(r->ext)) && dotfile_find(&f, &d, open_file, 0)) {
		if (f.verdict == DOTFILE_USABLE)
			v = MAILBOX_THERE;
		/* The user himself, without a file, has the default delivery instructions. */
		else if (f.verdict == DOTFILE_ABSENT)
			v = *r->dash ? MAILBOX_NONE : MAILBOX_THERE;
		else
			v = MAILBOX_WAITS;
	}
	stralloc_free(&d.safe);
	stralloc_free(&f.file);
	return v;
}

mailbox_verdict mailbox_look(users_record const *r, int careful)
{
	mailbox_verdict v;
	struct stat st;

	if (chdir(r->home) < 0 || stat(".", &st) < 0 || dotfile_home(st.st_mode) != DOTFILE_HOME_OK)
		return MAILBOX_UNKNOWN;
	v = search(r);
	/* Asked afterwards: what changes while we look is fresh then. */
	return careful && v == MAILBOX_NONE && fresh_file(".") ? MAILBOX_UNKNOWN : v;
}

static int code_of(mailbox_verdict v)
{
	switch (v) {
	case MAILBOX_THERE:
		return CODE_THERE;
	case MAILBOX_NONE:
		return CODE_NONE;
	case MAILBOX_WAITS:
		return CODE_WAITS;
	case MAILBOX_UNKNOWN:
		break;
	}
	return CODE_UNKNOWN;
}

void mailbox_exit(mailbox_verdict v)
{
	_exit(code_of(v));
}

void mailbox_end(users_record const *r, int careful)
{
	if (!drop_to(r->uid, r->gid, &r->gid, 1) || getuid() == 0 || !sandbox_enter(SANDBOX_LOOK))
		_exit(CODE_UNKNOWN);
	mailbox_exit(mailbox_look(r, careful));
}

mailbox_verdict mailbox_ended(int status)
{
	switch (WIFEXITED(status) ? WEXITSTATUS(status) : CODE_UNKNOWN) {
	case CODE_THERE:
		return MAILBOX_THERE;
	case CODE_NONE:
		return MAILBOX_NONE;
	case CODE_WAITS:
		return MAILBOX_WAITS;
	default:
		return MAILBOX_UNKNOWN;
	}
}

mailbox_verdict mailbox_ask(users_record const *r, int careful)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		/* (qmail-lspawn has descriptors for each delivery under way, more than who looks may have open) */
		fds_close_from(3);
		mailbox_end(r, careful);
	}
	return pid > 0 && child_wait(pid, &status) ? mailbox_ended(status) : MAILBOX_UNKNOWN;
}
