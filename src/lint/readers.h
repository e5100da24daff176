/* SPDX-License-Identifier: ISC */

#ifndef LINT_READERS_H
#define LINT_READERS_H

#include <sys/stat.h>

#include "findings.h"

/* Who has to be able to read a control file, besides root; EVERYBODY: whoever sends mail. */
enum
{
	READERS_ROOT = 0,
	READERS_QMAILD = 1,
	READERS_QMAILR = 2,
	READERS_QMAILS = 4,
	READERS_EVERYBODY = 8,
	READERS_RCPTD = 16,     /* qmaild, where qmail-rcptd is in use */
};

/* readers_check: whether they can, and nobody writes to it who should not. */
extern void readers_check(findings *f, char const *path, struct stat const *st, unsigned int readers);

#endif
