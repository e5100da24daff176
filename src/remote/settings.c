/* SPDX-License-Identifier: ISC */

#include "settings.h"

static int load_seconds(unsigned int *seconds, char const *file)
{
	if (control_readint(seconds, file) == CONTROL_ERROR)
		return 0;
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
	if (!load_seconds(&s->timeoutconnect, "control/timeoutconnect")
	 || !load_seconds(&s->timeoutremote, "control/timeoutremote")
	 || control_readlist(&s->routelines, "control/smtproutes", 0) == CONTROL_ERROR
	 || !constmap_map(&s->routes, &s->routelines, ':'))
		return CONTROL_ERROR;
	return CONTROL_READ;
}
