/* SPDX-License-Identifier: ISC */

#include "place.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <skalibs/bytestr.h>
#include <skalibs/types.h>

#include "base/constmap.h"
#include "base/control.h"
#include "base/samefile.h"
#include "route/smtproutes.h"

static control_list lines = CONTROL_LIST_ZERO;
static constmap routes = CONSTMAP_ZERO;
static struct stat seen;
static int loaded;

/* What the program itself reads counts: this may be out of date for a moment, and costs no more than a session. */
static int load(char const *file)
{
	struct stat st;

	if (stat(file, &st) < 0)
		st = (struct stat){ .st_ino = 0 };
	if (loaded && samefile_unchanged(&st, &seen))
		return 1;
	loaded = 0;
	constmap_free(&routes);
	seen = st;
	loaded = control_readlist(&lines, file, 0) != CONTROL_ERROR && constmap_map(&routes, &lines, ':');
	return loaded;
}

static int put_relay(stralloc *place, smtproutes_route const *r)
{
	char port[UINT_FMT + 1];
	size_t n = uint_fmt(port, r->port);

	/* No host is called that. */
	return stralloc_copys(place, ":") && stralloc_catb(place, r->relay, r->relaylen)
		&& stralloc_cats(place, ":") && stralloc_catb(place, port, n);
}

/* A blank is in no place. */
static int put_sender(stralloc *place, char const *sender)
{
	char const *at = strrchr(sender, '@');

	return stralloc_cats(place, " ") && stralloc_cats(place, at ? at : "");
}

int place_find(stralloc *place, place_files const *f, char const *host, char const *sender)
{
	smtproutes_route r = { .port = 0 };
	smtproutes_status status;

	if (!load(f->routes))
		return 0;
	status = smtproutes_find(&r, &lines, &routes, host, strlen(host));
	if (status == SMTPROUTES_RELAY ? r.login || !put_relay(place, &r)
	 : status != SMTPROUTES_NONE || !stralloc_copys(place, host))
		return 0;
	if (access(f->identities, F_OK) == 0 && !put_sender(place, sender))
		return 0;
	case_lowerb(place->s, place->len);
	return stralloc_0(place);
}
