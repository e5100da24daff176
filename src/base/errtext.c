/* SPDX-License-Identifier: ISC */

#include "base/errtext.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

static struct { int e; char const *text; } const texts[] = {
	{ EACCES, "access denied" },
	{ EAGAIN, "temporary failure" },
	{ ECONNREFUSED, "connection refused" },
	{ EEXIST, "file already exists" },
	{ EINVAL, "invalid argument" },
	{ EIO, "input/output error" },
	{ EISDIR, "is a directory" },
	{ ENOENT, "file does not exist" },
	{ ENOMEM, "out of memory" },
	{ ENOSPC, "out of disk space" },
	{ ENOTDIR, "not a directory" },
	{ ENOTEMPTY, "directory not empty" },
	{ EPERM, "permission denied" },
	{ EPIPE, "broken pipe" },
	{ EROFS, "read-only file system" },
	{ ESPIPE, "unseekable descriptor" },
	{ ETIMEDOUT, "timed out" },
};

char const *errtext(int e)
{
	size_t i;

	for (i = 0; i < sizeof texts / sizeof texts[0]; i++)
		if (texts[i].e == e)
			return texts[i].text;
	return strerror(e);
}
