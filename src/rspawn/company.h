/* SPDX-License-Identifier: ISC */

#ifndef RSPAWN_COMPANY_H
#define RSPAWN_COMPANY_H

#include <stddef.h>
#include <stdint.h>

/* How many recipients at one host a qmail-remote gets at once, and the hosts that took that badly. */

enum
{
	COMPANY_DEFAULT = 100,          /* what every server must take (RFC 5321 4.5.3.1.8) */
	COMPANY_SECONDS = 86400,        /* how long a host is remembered that took it badly */
	COMPANY_HOSTS = 256,            /* that are remembered; the latest */
};

/* company_most: by control/remoterecipients, whose name is file (CONTROL_BAD and CONTROL_ERROR: 1, which is always
 * right; 0 counts as 1); without that file COMPANY_DEFAULT if the program is ours, else 1. now counts seconds. */
extern size_t company_most(char const *file, int ours, char const *host, uint64_t now);

/* company_strained: host gets one recipient at a time from now on, until it is forgotten. */
extern void company_strained(char const *host, uint64_t now);

#endif
