/* SPDX-License-Identifier: ISC */

#include "keep.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <unistd.h>

#include <skalibs/iopause.h>
#include <skalibs/stralloc.h>
#include <skalibs/types.h>

#include "base/conf.h"
#include "base/io.h"
#include "base/samefile.h"

/* The kernel keeps the name of the file that it has loaded for us, whatever argv says. */
static char const *own_file(void)
{
	unsigned long const value = getauxval(AT_EXECFN);
	char const *name;

	_Static_assert(sizeof name == sizeof value, "a pointer in the auxiliary vector");
	memcpy(&name, &value, sizeof name);
	return name;
}

static int is_itself(void)
{
	char const *name = own_file();
	stralloc ours = STRALLOC_ZERO;
	struct stat a;
	struct stat b;
	int same = name && stat(name, &a) == 0
		&& stralloc_cats(&ours, conf_home) && stralloc_cats(&ours, "/bin/qmail-remote") && stralloc_0(&ours)
		&& stat(ours.s, &b) == 0 && samefile_is(&a, &b);

	stralloc_free(&ours);
	return same;
}

unsigned int keep_offered(void)
{
	char const *s = getenv("QMAILREMOTEKEEP");
	unsigned int seconds;

	if (!s || !uint0_scan(s, &seconds) || !kept_is(KEPT_FD) || !is_itself()
	 || fcntl(KEPT_FD, F_SETFD, FD_CLOEXEC) < 0)
		return 0;
	return seconds < KEEP_SECONDS_MAX ? seconds : KEEP_SECONDS_MAX;
}

static int let_go(void)
{
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	int ok = fd >= 0 && dup2(fd, 0) >= 0 && dup2(fd, 1) >= 0 && dup2(fd, 2) >= 0;

	if (fd > 2)
		close(fd);
	return ok;
}

/* 1: a request is there. A server that says something has had enough of us, or has gone. */
static int wait_for_request(int connection, tain const *deadline)
{
	iopause_fd x[] = { { .fd = KEPT_FD, .events = POLLIN }, { .fd = connection, .events = POLLIN } };

	for (;;) {
		tain_now_g();
		if (!tain_future(deadline))
			return 0;
		if (iopause_g(x, 2, deadline) > 0)
			return !x[1].revents && x[0].revents;
		if (errno != EINTR)
			return 0;
	}
}

static int take(kept_request const *r)
{
	int ok = dup2(r->message, 0) >= 0 && dup2(r->output, 1) >= 0 && dup2(r->output, 2) >= 0;

	close(r->message);
	close(r->output);
	return ok;
}

int keep_wait(kept_request *r, int connection, unsigned int seconds, tain const *until)
{
	tain idle;

	/* The word goes ahead of the end of the output, which is what makes qmail-rspawn look for it. */
	if (!kept_done_put(KEPT_FD) || !let_go())
		return 0;
	io_deadline(&idle, seconds);
	return wait_for_request(connection, io_sooner(&idle, until)) && kept_get(KEPT_FD, r) && take(r);
}
