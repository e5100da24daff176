/* SPDX-License-Identifier: ISC */

#ifndef PROTO_SHARE_H
#define PROTO_SHARE_H

#include <stddef.h>

#include <skalibs/stralloc.h>

/* What a qmail-remote printed that ran for several recipients (report.h has the grammar), dealt out: each recipient
 * gets the report that a run for him alone would have brought.
 *
 * No company may cost a recipient his mail. So what happened to all is believed when it is good or for now; what is
 * for good only where no other recipient can have been the reason. Otherwise he is to be tried again at once. */
typedef enum
{
	SHARE_NOMEM = -1,       /* *out is as before */
	SHARE_TOLD,             /* his report was put */
	SHARE_AGAIN,            /* he was left out, or there were too many: at once, with others in the same place */
	SHARE_ALONE,            /* refused for good in company: at once, and alone */
} share_status;

/* share_put: the output s[0..n) is complete and its program, started for several, ended with status (as of waitpid):
 * append the report on delivery number, which was for the recipient in place which (0 is the first).
 *
 * A recipient who has no report of his own and no part in a failure of the whole message was not told to the other
 * host: SHARE_AGAIN, so a program that knows one recipient only serves all, one after another. That ends: it is
 * returned only when at least one other place was reported on. */
extern share_status share_put(char const *s, size_t n, int status, size_t which, unsigned int number, stralloc *out);

/* share_strained: whether it went wrong in a way that the number of recipients may explain: it ended badly, or the
 * message was not taken for the recipients that were. */
extern int share_strained(char const *s, size_t n, int status);

#endif
