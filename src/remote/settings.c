/* SPDX-License-Identifier: ISC */

#include "settings.h"

#include <string.h>

#include <skalibs/types.h>

#include "base/notes.h"

static void complain(stralloc *note, char const *file, unsigned int seconds)
{
	static char const using[] = "line 1: not a number: using ";
	char what[sizeof using + UINT_FMT];
	size_t n = sizeof using - 1;

	memcpy(what, using, n);
	n += uint_fmt(what + n, seconds);
	what[n] = 0;
	notes_add(note, file, what, "write the seconds to wait");
}

static int load_seconds(unsigned int *seconds, char const *file, stralloc *note)
{
	control_status status = control_readint(seconds, file);

	if (status == CONTROL_ERROR)
		return 0;
	if (status == CONTROL_BAD)
		complain(note, file, *seconds);
	if (*seconds < 1)
		*seconds = 1;
	if (*seconds > SETTINGS_SECONDS_MAX)
		*seconds = SETTINGS_SECONDS_MAX;
	return 1;
}

control_status settings_load(settings *s)
{
	control_status status = control_readdefault(&s->helohost, "control/helohost", 1, 0);

	if (status != CONTROL_READ)
		return status;
	if (!load_seconds(&s->timeoutconnect, "control/timeoutconnect", &s->note)
	 || !load_seconds(&s->timeoutremote, "control/timeoutremote", &s->note)
	 || !stralloc_0(&s->note)
	 || control_readlist(&s->routelines, "control/smtproutes", 0) == CONTROL_ERROR
	 || !constmap_map(&s->routes, &s->routelines, ':'))
		return CONTROL_ERROR;
	return CONTROL_READ;
}

void settings_free(settings *s)
{
	stralloc_free(&s->helohost);
	stralloc_free(&s->note);
	constmap_free(&s->routes);
	control_list_free(&s->routelines);
	*s = (settings)SETTINGS_ZERO;
}
