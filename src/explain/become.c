/* SPDX-License-Identifier: ISC */

#include "become.h"

#include <errno.h>
#include <sys/wait.h>
#include <unistd.h>

#include <skalibs/djbunix.h>

#include "base/child.h"
#include "base/drop.h"
#include "base/io.h"

enum { FOUND_MAX = 16 << 20 };          /* bytes: more than any work that ends well has to say */

static void work_as(int out, uid_t uid, gid_t gid, become_work *work, void *data)
{
	steps found = STEPS_ZERO;

	if (geteuid() == 0 && !drop_to(uid, gid, &gid, 1))
		_exit(111);
	work(&found, data);
	_exit(!found.failed && io_writeall(out, found.data.s, found.data.len) ? 0 : 111);
}

static int read_all(stralloc *sa, int fd)
{
	char buf[8192];
	ssize_t r;

	while ((r = io_read(fd, buf, sizeof buf, 0)) > 0)
		if (sa->len > FOUND_MAX || !stralloc_catb(sa, buf, (size_t)r))
			return 0;
	return r == 0;
}

int become_run(steps *s, uid_t uid, gid_t gid, become_work *work, void *data)
{
	stralloc found = STRALLOC_ZERO;
	pid_t pid;
	int status;
	int ok;
	int p[2];

	if (pipecoe(p) < 0)
		return 0;
	pid = fork();
	if (pid == 0)
		work_as(p[1], uid, gid, work, data);
	close(p[1]);
	if (pid < 0) {
		close(p[0]);
		return 0;
	}
	ok = read_all(&found, p[0]);
	close(p[0]);
	ok = child_wait(pid, &status) && ok && WIFEXITED(status) && WEXITSTATUS(status) == 0
		&& steps_take(s, found.s, found.len);
	stralloc_free(&found);
	return ok ? 1 : (errno = EPROTO, 0);
}
