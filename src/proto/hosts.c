/* SPDX-License-Identifier: ISC */

#include "proto/hosts.h"

#include <errno.h>
#include <string.h>

#include <skalibs/djbunix.h>

#include "base/notes.h"
#include "base/setting.h"
#include "base/table.h"

static char const FEW[] = "control/rcpthosts";
static char const MORE[] = "control/morercpthosts.cdb";

int hosts_load(hosts *h, stralloc *notes)
{
	if (!setting_list(notes, &h->list, &h->few, &h->present, FEW))
		return 0;
	if (!h->present)
		return 1;
	setting_useless(notes, &h->list, FEW, "@ \t\r", "no host is called that",
		"mail for that host is refused; write the domain alone, without @, blanks and CR");
	h->fd = openc_read(MORE);
	return h->fd >= 0 || errno == ENOENT || notes_unreadable(notes, MORE);
}

int hosts_more(void *data, char const *key, size_t n)
{
	hosts *h = data;

	if (h->fd < 0)
		return 0;
	if (!h->mapped && cdb_init(&h->cdb, h->fd) < 0)
		return -1;
	h->mapped = 1;
	return table_find(&h->cdb, key, n);
}

void hosts_damaged(stralloc *notes)
{
	notes_add(notes, MORE, strerror(errno), "mail waits at its senders; make it anew with qmail-newmrh");
}

void hosts_free(hosts *h)
{
	if (h->mapped)
		cdb_free(&h->cdb);
	if (h->fd >= 0)
		fd_close(h->fd);
	constmap_free(&h->few);
	control_list_free(&h->list);
	*h = (hosts)HOSTS_ZERO;
}
