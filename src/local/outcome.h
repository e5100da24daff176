/* SPDX-License-Identifier: ISC */

#ifndef LOCAL_OUTCOME_H
#define LOCAL_OUTCOME_H

#include <skalibs/stralloc.h>

/* What became of a delivery, or of a step of it: the exit code and what people are told. */

enum
{
	OUTCOME_DONE = 0,
	OUTCOME_STOP = 99,      /* of a program: done, and nothing after it */
	OUTCOME_FAILED = 100,   /* for good: the message bounces */
	OUTCOME_DEFERRED = 111, /* tried again later */
	OUTCOME_ROOT = 113,     /* qmail-lspawn's number for a delivery as root */
};

typedef struct outcome
{
	int code;
	stralloc text;          /* without line end; empty when the step has said what there is to say */
	char const *hint;       /* what is wrong with the file of the instruction and how to mend it; null if unknown */
	int nomem;              /* there was no memory for the text */
} outcome;
#define OUTCOME_ZERO { .code = OUTCOME_DONE, .text = STRALLOC_ZERO, .hint = 0, .nomem = 0 }

/* outcome_set: the step failed with this code; its text is put together from the strings given, up to a
 * null pointer. Returns 0, for the caller to return. Without memory for the text the code is 111. */
extern int outcome_set(outcome *o, int code, ...) __attribute__((sentinel));

/* outcome_defer: "WHATNAME: why. (#status)", 111, why from errno. outcome_nomem: the same for lack of
 * memory. Both return 0. */
extern int outcome_defer(outcome *o, char const *what, char const *name, char const *status);
extern int outcome_nomem(outcome *o);

/* outcome_print: the text as a line on descriptor 2, if there is one. */
extern void outcome_print(outcome const *o);

#endif
