/* SPDX-License-Identifier: ISC */

#include "outcome.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include <skalibs/buffer.h>

static struct { int e; char const *text; } const reasons[] = {
	{ EINTR, "interrupted system call" },
	{ ENOMEM, "out of memory" },
	{ ENOENT, "file does not exist" },
	{ ETXTBSY, "text busy" },
	{ EIO, "input/output error" },
	{ EEXIST, "file already exists" },
	{ ETIMEDOUT, "timed out" },
	{ EAGAIN, "temporary failure" },
	{ EPIPE, "broken pipe" },
	{ EPERM, "permission denied" },
	{ EACCES, "access denied" },
	{ ENXIO, "device not configured" },
	{ EISDIR, "is a directory" },
	{ E2BIG, "argument list too long" },
	{ ENOEXEC, "exec format error" },
	{ EBADF, "file descriptor not open" },
	{ EBUSY, "device busy" },
	{ EXDEV, "cross-device link" },
	{ ENODEV, "device does not support operation" },
	{ ENOTDIR, "not a directory" },
	{ EINVAL, "invalid argument" },
	{ ENFILE, "system cannot open more files" },
	{ EMFILE, "process cannot open more files" },
	{ EFBIG, "file too big" },
	{ ENOSPC, "out of disk space" },
	{ ESPIPE, "unseekable descriptor" },
	{ EROFS, "file system is read-only" },
	{ EMLINK, "too many links" },
	{ ELOOP, "symbolic link loop" },
	{ ENAMETOOLONG, "file name too long" },
	{ ENOTEMPTY, "directory not empty" },
	{ EDQUOT, "disk quota exceeded" },
	{ ESTALE, "stale NFS file handle" },
};

char const *outcome_reason(int e)
{
	size_t i;

	for (i = 0; i < sizeof reasons / sizeof reasons[0]; i++)
		if (reasons[i].e == e)
			return reasons[i].text;
	return strerror(e);
}

static char const nomem_text[] = "Out of memory. (#4.3.0)";

int outcome_set(outcome *o, int code, ...)
{
	va_list parts;
	char const *part;

	o->code = code;
	o->text.len = 0;
	va_start(parts, code);
	while ((part = va_arg(parts, char const *)) != 0)
		if (!stralloc_cats(&o->text, part)) {
			o->code = OUTCOME_DEFERRED;
			o->nomem = 1;
			break;
		}
	va_end(parts);
	return 0;
}

int outcome_defer(outcome *o, char const *what, char const *name, char const *status)
{
	return outcome_set(o, OUTCOME_DEFERRED, what, name, ": ", outcome_reason(errno), ". (#", status, ")", (char *)0);
}

int outcome_nomem(outcome *o)
{
	return outcome_set(o, OUTCOME_DEFERRED, nomem_text, (char *)0);
}

void outcome_print(outcome const *o)
{
	if (o->nomem)
		buffer_puts(buffer_2, nomem_text);
	else if (o->text.len > 0)
		buffer_put(buffer_2, o->text.s, o->text.len);
	else
		return;
	buffer_putflush(buffer_2, "\n", 1);
}
