/* SPDX-License-Identifier: ISC */

#include "proto/hosts.h"

#include <errno.h>
#include <string.h>

#include <skalibs/djbunix.h>

#include "base/notes.h"
#include "base/setting.h"
#include "base/table.h"
#include "proto/compiled.h"

static char const FEW[] = "control/rcpthosts";
static char const MORE[] = "control/morercpthosts.cdb";

static int load_text(hosts *h)
{
	if (!setting_list(h->notes, &h->list, &h->few, &h->present, FEW))
		return 0;
	if (h->present)
		setting_useless(h->notes, &h->list, FEW, "@ \t\r", "no host is called that",
			"mail for that host is refused; write the domain alone, without @, blanks and CR");
	return 1;
}

static void close_table(hosts_table *t)
{
	if (t->mapped)
		cdb_free(&t->cdb);
	if (t->fd >= 0)
		fd_close(t->fd);
	*t = (hosts_table){ .fd = -1 };
}

/* The cdb that should count cannot be used: 1 if there is a text to go by, or 0 with errno. No list is not one that
 * allows everything. */
static int fall_back(hosts *h)
{
	int e = errno ? errno : EPROTO;

	close_table(&h->compiled);
	notes_add(h->notes, compiled_name(FEW), strerror(e), "control/rcpthosts counts instead; make it anew with qmail-newcdb");
	if (load_text(h) && h->present)
		return 1;
	h->present = 1;
	h->broken = e;
	return errno = e, 0;
}

int hosts_load(hosts *h, stralloc *notes)
{
	h->notes = notes;
	h->compiled.fd = compiled_open(FEW);
	if (h->compiled.fd >= 0)
		h->present = 1;
	else if (errno == ENOENT ? !load_text(h) : !fall_back(h))
		return 0;
	if (!h->present)
		return 1;
	h->more.fd = openc_read(MORE);
	return h->more.fd >= 0 || errno == ENOENT || notes_unreadable(notes, MORE);
}

static int look_up(hosts_table *t, char const *key, size_t n)
{
	if (t->fd < 0)
		return 0;
	errno = 0;
	if (!t->mapped && cdb_init(&t->cdb, t->fd) < 0)
		return -1;
	t->mapped = 1;
	return table_find(&t->cdb, key, n);
}

int hosts_more(void *data, char const *key, size_t n)
{
	hosts *h = data;
	int found = h->broken ? (errno = h->broken, -1) : look_up(&h->compiled, key, n);

	h->damaged = FEW;
	if (found < 0 && (h->broken || !fall_back(h)))
		return -1;
	if (found < 0)
		found = constmap_find(&h->few, key, n) != 0;
	h->damaged = MORE;
	return found ? 1 : look_up(&h->more, key, n);
}

void hosts_damaged(hosts const *h)
{
	notes_add(h->notes, h->damaged, strerror(errno), h->damaged == MORE ? "mail waits at its senders; make it anew with qmail-newmrh"
		: "mail waits at its senders; it and its cdb cannot be read");
}

void hosts_free(hosts *h)
{
	close_table(&h->compiled);
	close_table(&h->more);
	constmap_free(&h->few);
	control_list_free(&h->list);
	*h = (hosts)HOSTS_ZERO;
}
