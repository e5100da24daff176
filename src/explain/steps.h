/* SPDX-License-Identifier: ISC */

#ifndef EXPLAIN_STEPS_H
#define EXPLAIN_STEPS_H

#include <stddef.h>

#include <skalibs/stralloc.h>

/* What is found out about one address, as data: steps in the order in which they are taken, facts, and the
 * environment of the delivery. Kept in the form in which a child hands them to its parent. */

typedef enum
{
	STAGE_ELSEWHERE,
	STAGE_QUEUEROUTES,
	STAGE_ENVNOATHOST,
	STAGE_PERCENTHACK,
	STAGE_LOCALS,
	STAGE_VIRTUALDOMAINS,
	STAGE_RECIPIENT,
	STAGE_LIFETIME,
	STAGE_CONCURRENCY,
	STAGE_ASSIGN,
	STAGE_ACCOUNT,
	STAGE_USER,
	STAGE_HOME,
	STAGE_DOTQMAIL,
	STAGE_INSTRUCTION,
	STAGE_SENDER,
	STAGE_DOMAINIPS,
	STAGE_SMTPROUTES,
	STAGE_MX,
	STAGE_HOST,
	STAGES,
} steps_stage;

typedef enum
{
	STEP_NOTE,              /* said, decides nothing */
	STEP_TAKEN,             /* decides */
	STEP_PASSED,            /* looked at, and not the one */
	STEP_BEATEN,            /* would have decided if another had not come first */
	STEP_REFUSED,           /* ends the road */
	STEP_WARNING,           /* decides nothing, and is most likely not meant */
	STEP_UNKNOWN,           /* could not be found out */
	STEP_VERDICTS,
} steps_verdict;

typedef enum
{
	RESULT_DELIVERABLE,
	RESULT_NOBODY,          /* mail bounces */
	RESULT_WAITS,           /* mail is tried again until it can be delivered, or bounces in the end */
	RESULT_UNKNOWN,         /* we may not see what decides */
	RESULTS,
} steps_result;

typedef enum
{
	STEPS_STEP,             /* name: the file; text */
	STEPS_FACT,             /* name and text */
	STEPS_NUMBER,           /* the same; the text is digits */
	STEPS_VARIABLE,         /* of the environment */
	STEPS_RESULT,           /* verdict is a steps_result; text: why */
	STEPS_KINDS,
} steps_kind;

typedef struct steps
{
	stralloc data;
	size_t open;            /* where the record that is being written starts */
	int dropped;            /* it is left out */
	int full;               /* that some are has been said */
	int failed;             /* there was no memory for all of it */
} steps;
#define STEPS_ZERO { .data = STRALLOC_ZERO, .open = 0, .dropped = 0, .full = 0, .failed = 0 }

/* ---- writing */

/* steps_begin: a step; file may be null, line 0. Its text follows in pieces, up to steps_end. After STEPS_MAX bytes,
 * which only an address made for it comes to, all but what ends the road is left out; that is said. */
enum { STEPS_MAX = 1 << 20 };
extern void steps_begin(steps *s, steps_stage stage, steps_verdict verdict, char const *file, size_t line);
extern void steps_bytes(steps *s, char const *p, size_t n);
extern void steps_text(steps *s, char const *text);
extern void steps_number(steps *s, unsigned long n);
extern void steps_mode(steps *s, unsigned int mode);
extern void steps_end(steps *s);

/* steps_add: a whole one of texts up to a null pointer. */
extern void steps_add(steps *s, steps_stage stage, steps_verdict verdict, char const *file, size_t line, ...)
	__attribute__((sentinel));

extern void steps_fact(steps *s, char const *name, char const *text, size_t n);
extern void steps_count(steps *s, char const *name, unsigned long n);
extern void steps_variable(steps *s, char const *variable);    /* NAME=value */

/* steps_conclude: the result, and why. The last one counts. */
extern void steps_conclude(steps *s, steps_result result, char const *why);

/* ---- reading */

typedef struct steps_item
{
	steps_kind kind;
	steps_stage stage;
	int verdict;            /* steps_verdict or steps_result */
	size_t line;
	char const *name;       /* empty: none */
	size_t namelen;
	char const *text;
	size_t textlen;
} steps_item;

/* steps_next: the next item from *at on, which starts as 0: 1, or 0 at the end. -1: the data are damaged. */
extern int steps_next(steps const *s, size_t *at, steps_item *item);

/* steps_take: append what a child has written, if it is whole and sound; 0 if not, or without memory. */
extern int steps_take(steps *s, char const *data, size_t n);

/* steps_outcome: the result; RESULT_UNKNOWN if there is none. */
extern steps_result steps_outcome(steps const *s);

#endif
