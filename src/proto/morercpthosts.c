/* SPDX-License-Identifier: ISC */

#include "proto/morercpthosts.h"

#include <errno.h>

#include <skalibs/djbunix.h>

char const MORERCPTHOSTS_FILE[] = "control/morercpthosts.cdb";

int morercpthosts_open(morercpthosts *m)
{
	m->fd = openc_read(MORERCPTHOSTS_FILE);
	return m->fd >= 0 || errno == ENOENT;
}

int morercpthosts_find(void *data, char const *key, size_t n)
{
	morercpthosts *m = data;

	if (m->fd < 0)
		return 0;
	if (!m->mapped && cdb_init(&m->cdb, m->fd) < 0)
		return -1;
	m->mapped = 1;
	return cdb_find(&m->cdb, key, (unsigned int)n);
}

void morercpthosts_free(morercpthosts *m)
{
	if (m->mapped)
		cdb_free(&m->cdb);
	if (m->fd >= 0)
		fd_close(m->fd);
	*m = (morercpthosts)MORERCPTHOSTS_ZERO;
}
