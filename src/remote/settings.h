/* SPDX-License-Identifier: ISC */

#ifndef REMOTE_SETTINGS_H
#define REMOTE_SETTINGS_H

#include <skalibs/stralloc.h>

#include "base/constmap.h"
#include "base/control.h"

/* The control files of qmail-remote, read anew for every delivery. */
typedef struct settings
{
	stralloc helohost;              /* not NUL-terminated */
	control_list routelines;        /* control/smtproutes */
	constmap routes;                /* points into routelines */
	unsigned int timeoutconnect;    /* seconds, 1 to SETTINGS_SECONDS_MAX */
	unsigned int timeoutremote;
	stralloc note;                  /* NUL-terminated: lines on timeouts that are no numbers */
} settings;
#define SETTINGS_ZERO { .helohost = STRALLOC_ZERO, .routelines = CONTROL_LIST_ZERO, .routes = CONSTMAP_ZERO, \
	.timeoutconnect = 60, .timeoutremote = 1200, .note = STRALLOC_ZERO }

/* Three years: CONNECT_ROUNDS times as much is still a number of seconds. */
enum { SETTINGS_SECONDS_MAX = 100000000 };

/* settings_load: from the current directory, which is the home. CONTROL_READ, CONTROL_ABSENT when neither
 * helohost nor me is there, or CONTROL_ERROR with errno (ENOMEM: out of memory). A timeout that is no
 * number keeps its default, and goes into the note: this program has no log, but reports that end there. */
extern control_status settings_load(settings *s);
extern void settings_free(settings *s);

#endif
