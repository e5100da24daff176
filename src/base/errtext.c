/* SPDX-License-Identifier: ISC */

#include "base/errtext.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

static struct { int e; char const *text; } const texts[] = {
	{ E2BIG, "argument list too long" },
	{ EACCES, "access denied" },
	{ EAGAIN, "temporary failure" },
	{ EBADF, "file descriptor not open" },
	{ EBUSY, "device busy" },
	{ ECONNREFUSED, "connection refused" },
	{ EDQUOT, "disk quota exceeded" },
	{ EEXIST, "file already exists" },
	{ EFBIG, "file too big" },
	{ EINTR, "interrupted system call" },
	{ EINVAL, "invalid argument" },
	{ EIO, "input/output error" },
	{ EISDIR, "is a directory" },
	{ ELOOP, "symbolic link loop" },
	{ EMFILE, "process cannot open more files" },
	{ EMLINK, "too many links" },
	{ ENAMETOOLONG, "file name too long" },
	{ ENFILE, "system cannot open more files" },
	{ ENODEV, "device does not support operation" },
	{ ENOENT, "file does not exist" },
	{ ENOEXEC, "exec format error" },
	{ ENOMEM, "out of memory" },
	{ ENOSPC, "out of disk space" },
	{ ENOTDIR, "not a directory" },
	{ ENOTEMPTY, "directory not empty" },
	{ ENXIO, "device not configured" },
	{ EPERM, "permission denied" },
	{ EPIPE, "broken pipe" },
	{ EROFS, "read-only file system" },
	{ ESPIPE, "unseekable descriptor" },
	{ ESTALE, "stale NFS file handle" },
	{ ETIMEDOUT, "timed out" },
	{ ETXTBSY, "text busy" },
	{ EXDEV, "cross-device link" },
};

char const *errtext(int e)
{
	size_t i;

	for (i = 0; i < sizeof texts / sizeof texts[0]; i++)
		if (texts[i].e == e)
			return texts[i].text;
	return strerror(e);
}
