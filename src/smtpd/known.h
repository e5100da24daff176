/* SPDX-License-Identifier: ISC */

#ifndef SMTPD_KNOWN_H
#define SMTPD_KNOWN_H

#include <stddef.h>

#include <skalibs/stralloc.h>

#include "base/control.h"

/* Recipients that others know: the lists and programs of control/recipients (route/recipients.h). */

typedef struct known_lists
{
	int ready;              /* the file has been read, and had not just changed (recipient/fresh.h) */
	int present;
	control_list lines;
} known_lists;
#define KNOWN_LISTS_ZERO { .ready = 0, .present = 0, .lines = CONTROL_LIST_ZERO }

typedef enum
{
	KNOWN_YES,              /* or there is no such file, or it or a list has just changed, or a list or program that
	                         * cannot be asked may know */
	KNOWN_NO,
	KNOWN_WAIT,             /* a program asks for another try later */
} known_verdict;

/* known_check: the current directory is the home. Trouble goes into notes. */
extern known_verdict known_check(known_lists *k, char const *address, size_t n, stralloc *notes);

extern void known_free(known_lists *k);

#endif
