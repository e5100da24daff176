/* SPDX-License-Identifier: ISC */

#ifndef POPUP_CHECK_H
#define POPUP_CHECK_H

#include <skalibs/stralloc.h>

/* Asking a program of checkpassword's kind whether somebody is who he says he is. */

typedef enum
{
	CHECK_DONE,             /* it, or what it became, has served him and ended well */
	CHECK_FAILED,           /* wrong password, or it could not find out, or could not be run */
	CHECK_CRASHED,
	CHECK_NO_PIPE,
	CHECK_NO_PROCESS,
	CHECK_NOT_WRITTEN,
} check_status;

/* check_run: run argv[0], found through PATH, with descriptors 0 to 2 as they are and the request
 * (proto/checkpassword.h) on descriptor 3; wipe the request once it is written; wait for the end of the
 * program. The caller ignores SIGPIPE. If tell, descriptor 2 is a log, and hears why a program could not be
 * run. */
extern check_status check_run(char const *const *argv, stralloc *request, int tell);

#endif
