/* SPDX-License-Identifier: ISC */

#ifndef INJECT_FAULT_H
#define INJECT_FAULT_H

#include <stddef.h>

#include <skalibs/stralloc.h>

/* Why a message is not going to be sent. Modules fill one in and return 0; main prints it and exits. */

typedef enum fault_kind
{
	FAULT_NONE,
	FAULT_NOMEM,
	FAULT_READ,             /* standard input or a control file */
	FAULT_WRITE,            /* standard output */
	FAULT_HOME,
	FAULT_CONTROL,          /* text: what is wrong with which file, and the cure */
	FAULT_VARIABLE,         /* text: what is wrong with which variable of the environment, and the cure */
	FAULT_LINE,             /* text: a header field */
	FAULT_NOBODY,           /* text: a field with a recipient address that is empty */
	FAULT_BYTE,             /* text: a field with a control character in an address */
	FAULT_ADDRESS,          /* text: an argument */
	FAULT_HEADER_LONG,
	FAULT_FIELD_LONG,
	FAULT_RECIPIENTS_LONG,
	FAULT_RUN,              /* no process for the queue program */
	FAULT_QUEUE,            /* text: D or Z and what the queue program's end means */
} fault_kind;

typedef struct fault
{
	fault_kind kind;
	stralloc text;
} fault;
#define FAULT_ZERO { .kind = FAULT_NONE, .text = STRALLOC_ZERO }

/* fault_set: make *f of this kind about s[0..n); always returns 0. fault_errno: FAULT_NOMEM if errno says so,
 * else kind. Both keep what an earlier call set: the first fault is the one to report. */
extern int fault_set(fault *f, fault_kind kind, char const *s, size_t n);
extern int fault_errno(fault *f, fault_kind kind);

/* fault_text: append the message for *f, as it goes to standard error, to *sa. 0: no memory.
 * fault_code: the exit code, 100 or 111. */
extern int fault_text(stralloc *sa, fault const *f);
extern int fault_code(fault const *f);

#endif
