/* SPDX-License-Identifier: ISC */

#include "request.h"

#include <errno.h>
#include <string.h>

#include <skalibs/allreadwrite.h>

request_status request_parse(request *r)
{
	char const *end = r->bytes + r->len;
	char const *nul;

	if (r->len > REQUEST_MAX)
		return REQUEST_TOO_LONG;
	r->name = r->bytes;
	nul = memchr(r->name, 0, r->len);
	if (!nul)
		return REQUEST_BAD;
	r->password = nul + 1;
	nul = r->password < end ? memchr(r->password, 0, (size_t)(end - r->password)) : 0;
	return nul ? REQUEST_OK : REQUEST_BAD;
}

request_status request_read(request *r, int fd)
{
	r->len = 0;
	while (r->len < sizeof r->bytes) {
		ssize_t n = fd_read(fd, r->bytes + r->len, sizeof r->bytes - r->len);

		if (n < 0)
			return errno == EBADF ? REQUEST_NONE : REQUEST_ERROR;
		if (n == 0)
			break;
		r->len += (size_t)n;
	}
	return request_parse(r);
}

void request_wipe(request *r)
{
	explicit_bzero(r, sizeof *r);
}
