/* SPDX-License-Identifier: ISC */

#ifndef LOCAL_DELIVER_H
#define LOCAL_DELIVER_H

#include "find.h"
#include "outcome.h"
#include "route/delivery.h"

typedef struct deliver_counts
{
	unsigned long files;
	unsigned long forwards;
	unsigned long programs;
	unsigned long qp;       /* of the forwards; 0 if none were sent */
} deliver_counts;

/* deliver_all: carry out the instructions in order; forwards are collected and go last, as one message.
 * With describe nothing is done but said, line by line, on descriptor 1.
 * 1 when all succeeded, or 0 with *o set by the first that did not: those before it stay done. */
extern int deliver_all(outcome *o, delivery const *d, instructions const *i, int describe, deliver_counts *n);

#endif
