/* SPDX-License-Identifier: ISC */

#include "route/environment.h"

#include <string.h>

#include "route/extension.h"

static int put(stralloc *sa, char const *name, char const *value, size_t n)
{
	return stralloc_cats(sa, name) && stralloc_append(sa, '=') && stralloc_catb(sa, value, n) && stralloc_0(sa);
}

static int puts_(stralloc *sa, char const *name, char const *value)
{
	return put(sa, name, value, strlen(value));
}

static int put_address(stralloc *sa, delivery const *d)
{
	return puts_(sa, "LOCAL", d->local)
		&& puts_(sa, "HOST", d->host)
		&& stralloc_cats(sa, "RECIPIENT=")
		&& stralloc_cats(sa, d->local)
		&& stralloc_append(sa, '@')
		&& stralloc_cats(sa, d->host)
		&& stralloc_0(sa);
}

static int put_parts(stralloc *sa, delivery const *d)
{
	static char const ext[][5] = { "EXT", "EXT2", "EXT3", "EXT4" };
	static char const host[][6] = { "HOST2", "HOST3", "HOST4" };
	size_t extlen = strlen(d->ext);
	size_t hostlen = strlen(d->host);
	unsigned int i;

	for (i = 0; i < 4; i++)
		if (!puts_(sa, ext[i], d->ext + extension_after(d->ext, extlen, i)))
			return 0;
	for (i = 0; i < 3; i++)
		if (!put(sa, host[i], d->host, extension_host(d->host, hostlen, i + 1)))
			return 0;
	return 1;
}

int environment_make(stralloc *sa, delivery const *d, char const *default_part)
{
	return puts_(sa, "USER", d->user)
		&& puts_(sa, "HOME", d->home)
		&& put_address(sa, d)
		&& put_parts(sa, d)
		&& (!default_part || puts_(sa, "DEFAULT", default_part))
		&& puts_(sa, "SENDER", d->sender)
		&& put(sa, "NEWSENDER", d->newsender.s, d->newsender.len)
		&& put(sa, "RPLINE", d->rpline.s, d->rpline.len)
		&& put(sa, "DTLINE", d->dtline.s, d->dtline.len)
		&& put(sa, "UFLINE", d->ufline.s, d->ufline.len);
}
