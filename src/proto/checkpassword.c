/* SPDX-License-Identifier: ISC */

#include "proto/checkpassword.h"

#include <errno.h>
#include <string.h>

#include <skalibs/allreadwrite.h>

int checkpassword_put(stralloc *sa, stralloc const *name, stralloc const *password, char const *timestamp)
{
	size_t n = strlen(timestamp) + 1;

	sa->len = 0;
	/* Room for all of it at once: what grows is copied. */
	if (!stralloc_ready(sa, name->len + 1 + password->len + 1 + n))
		return 0;
	return stralloc_cat(sa, name) && stralloc_0(sa) && stralloc_cat(sa, password) && stralloc_0(sa)
		&& stralloc_catb(sa, timestamp, n);
}

checkpassword_status checkpassword_parse(checkpassword_request *r)
{
	char const *end = r->bytes + r->len;
	char const *nul;

	if (r->len > CHECKPASSWORD_MAX)
		return CHECKPASSWORD_TOO_LONG;
	r->name = r->bytes;
	nul = memchr(r->name, 0, r->len);
	if (!nul)
		return CHECKPASSWORD_BAD;
	r->password = nul + 1;
	nul = r->password < end ? memchr(r->password, 0, (size_t)(end - r->password)) : 0;
	return nul ? CHECKPASSWORD_OK : CHECKPASSWORD_BAD;
}

checkpassword_status checkpassword_read(checkpassword_request *r, int fd)
{
	r->len = 0;
	while (r->len < sizeof r->bytes) {
		ssize_t n = fd_read(fd, r->bytes + r->len, sizeof r->bytes - r->len);

		if (n < 0)
			return errno == EBADF ? CHECKPASSWORD_CLOSED : CHECKPASSWORD_ERROR;
		if (n == 0)
			break;
		r->len += (size_t)n;
	}
	return checkpassword_parse(r);
}

void checkpassword_wipe(checkpassword_request *r)
{
	explicit_bzero(r, sizeof *r);
}
