/* SPDX-License-Identifier: ISC */

#include "base/feed.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <skalibs/djbunix.h>

#include "base/child.h"
#include "base/io.h"

enum { BLOCK = 32768 };

int feed_start(feed *f, char const *const *argv)
{
	int p[2];
	child_fd fds[1];

	if (pipecoe(p) < 0)
		return 0;
	fds[0] = (child_fd){ p[0], 0 };
	f->fd = p[1];
	f->pid = child_search((char *const *)argv, environ, fds, 1);
	fd_close(p[0]);
	if (!f->pid)
		fd_close(p[1]);
	return f->pid != 0;
}

static void stop(feed *f)
{
	if (f->fd >= 0)
		fd_close(f->fd);
	f->fd = -1;
}

void feed_put(feed *f, char const *s, size_t n)
{
	if (f->fd >= 0 && !io_writeall(f->fd, s, n))
		stop(f);
}

int feed_copy(feed *f, int fd)
{
	char block[BLOCK];
	ssize_t r = 1;

	while (f->fd >= 0 && (r = io_read(fd, block, sizeof block, 0)) > 0)
		feed_put(f, block, (size_t)r);
	if (r < 0) {
		int e = errno;

		(void)kill(f->pid, SIGKILL);
		errno = e;
	}
	return r >= 0;
}

int feed_end(feed *f, int *code)
{
	int status;

	stop(f);
	if (!child_wait(f->pid, &status))
		return -1;
	*code = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
	return WIFEXITED(status);
}
