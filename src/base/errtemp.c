/* SPDX-License-Identifier: ISC */

#include "base/errtemp.h"

#include <errno.h>
#include <stddef.h>

static int const temporary[] = {
	EINTR, ENOMEM, ETXTBSY, EIO, ETIMEDOUT, EWOULDBLOCK, EAGAIN, EDEADLK, EBUSY, ENFILE, EMFILE, EFBIG, ENOSPC,
	ENETDOWN, ENETUNREACH, ENETRESET, ECONNABORTED, ECONNRESET, ENOBUFS, ETOOMANYREFS, ECONNREFUSED, EHOSTDOWN,
	EHOSTUNREACH, EUSERS, EDQUOT, ESTALE, ENOLCK,
};

int errtemp(int e)
{
	size_t i;

	for (i = 0; i < sizeof temporary / sizeof temporary[0]; i++)
		if (temporary[i] == e)
			return 1;
	return 0;
}

int errtemp_exec(int e)
{
	return errtemp(e) || e == ENOENT || e == ENOTDIR || e == ELOOP || e == ENOEXEC || e == ELIBBAD;
}
