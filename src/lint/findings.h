/* SPDX-License-Identifier: ISC */

#ifndef LINT_FINDINGS_H
#define LINT_FINDINGS_H

#include <stddef.h>
#include <sys/types.h>

#include <skalibs/stralloc.h>

/* What is wrong, a line each:
 *
 *	file:line: severity: what: cure
 *
 * line is 0 for what is about a whole file or about no line of it. */

typedef enum
{
	FINDING_WARNING = 1,    /* most likely not meant, or asking for trouble */
	FINDING_ERROR = 2,      /* mail is lost sight of: refused, returned, left waiting, or relayed for strangers */
} finding_severity;

typedef struct findings
{
	stralloc out;
	int worst;              /* 0: nothing was found */
	int failed;             /* there was no memory for all of it */
} findings;
#define FINDINGS_ZERO { .out = STRALLOC_ZERO, .worst = 0, .failed = 0 }

/* findings_add: texts up to a null pointer; findings_cure stands once among them, where the cure begins. Whatever bytes
 * are in them, the line is printable, and the first three ": " divide it into its parts. */
extern char const findings_cure[];
extern void findings_add(findings *f, finding_severity severity, char const *file, size_t line,
	...) __attribute__((sentinel));

/* findings_as: what work finds as another user, in a child (recipient/asuser.h), is added to *f. If that cannot be
 * done it is told, as about file. */
typedef void findings_work(findings *f, void *data);
extern void findings_as(findings *f, uid_t uid, gid_t gid, char const *file, findings_work *work, void *data);

/* findings_unreadable: that a file cannot be read, by errno. */
extern void findings_unreadable(findings *f, char const *file);

#endif
