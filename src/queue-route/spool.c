/* SPDX-License-Identifier: ISC */

#include "queue-route/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <skalibs/djbunix.h>

#include "base/io.h"
#include "base/tempfile.h"

void spool_start(spool *sp)
{
	sp->fd = -1;
	sp->n = 0;
}

static qq_exit flush_block(spool *sp)
{
	if (sp->fd < 0)
		sp->fd = tempfile_open();
	if (sp->fd < 0)
		return errno == EMFILE || errno == ENFILE || errno == ENOMEM ? QQ_NOMEM : QQ_WRITE;
	if (!io_writeall(sp->fd, sp->block, sp->n))
		return QQ_WRITE;
	sp->n = 0;
	return QQ_OK;
}

qq_exit spool_put(spool *sp, char const *s, size_t n)
{
	while (n > 0) {
		size_t room = sizeof sp->block - sp->n;
		size_t m = n < room ? n : room;
		qq_exit code = m ? QQ_OK : flush_block(sp);

		if (code != QQ_OK)
			return code;
		memcpy(sp->block + sp->n, s, m);
		sp->n += m;
		s += m;
		n -= m;
	}
	return QQ_OK;
}

qq_exit spool_copy(spool *sp, int fd)
{
	for (;;) {
		qq_exit code = sp->n < sizeof sp->block ? QQ_OK : flush_block(sp);
		ssize_t r;

		if (code != QQ_OK)
			return code;
		r = io_read(fd, sp->block + sp->n, sizeof sp->block - sp->n, 0);
		if (r <= 0)
			return r < 0 ? QQ_READ : QQ_OK;
		sp->n += (size_t)r;
	}
}

/* 1 and a pipe that holds all of the block; 0 if there is none that does: a user with many pipes gets small ones. */
static int into_pipe(spool const *sp, int *fd)
{
	int p[2];

	if (pipecoe(p) < 0)
		return 0;
	if (fcntl(p[1], F_GETPIPE_SZ) >= (int)sp->n && io_writeall(p[1], sp->block, sp->n)) {
		close(p[1]);
		*fd = p[0];
		return 1;
	}
	fd_close(p[0]);
	fd_close(p[1]);
	return 0;
}

qq_exit spool_finish(spool *sp, int *fd)
{
	qq_exit code;

	if (sp->fd < 0 && into_pipe(sp, fd))
		return QQ_OK;
	code = flush_block(sp);
	if (code == QQ_OK && lseek(sp->fd, 0, SEEK_SET) < 0)
		code = QQ_WRITE;
	*fd = sp->fd;
	return code;
}
