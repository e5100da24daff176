/* SPDX-License-Identifier: ISC */

#ifndef SMTPD_RECIPIENT_H
#define SMTPD_RECIPIENT_H

#include <stddef.h>

/* Whether there is anybody at an address that mail is taken for. Whoever can tell is asked; one who says that there is
 * nobody is enough. Who does not know, or does not answer in time, has no say: mail is taken on doubt. */

typedef enum
{
	RECIPIENT_TAKEN,
	RECIPIENT_UNKNOWN,              /* nobody there */
} recipient_verdict;

typedef struct recipient_checks
{
	int wanted;             /* 0: nobody is asked */
	int absent;             /* there is no qmail-rcptd, or it has been too slow in this session */
	int rcptd;              /* the connection to it plus one; 0: none yet */
} recipient_checks;
#define RECIPIENT_CHECKS_ZERO { .wanted = 0 }

/* What a session waits for one answer; after one that did not come it does not ask again. */
enum { RECIPIENT_SECONDS = 5 };

/* recipient_check: the current directory is the home. */
extern recipient_verdict recipient_check(recipient_checks *c, char const *address, size_t n);

#endif
