/* SPDX-License-Identifier: ISC */

#ifndef EXPLAIN_HOME_H
#define EXPLAIN_HOME_H

#include "proto/users.h"
#include "steps.h"

typedef struct home_case
{
	users_record const *user;
	char const *local;
	char const *host;
	char const *sender;
	char const *fallback;   /* the default delivery instructions; null: unknown */
	char const *fallback_file;      /* where they stand; null: they are an argument */
	int own;                /* we are that user, or root who becomes it: what we may not see it may not see */
} home_case;

/* home_explain: what qmail-local finds in the home, and what it would do. *s gets the result. */
extern void home_explain(steps *s, home_case const *c);

#endif
