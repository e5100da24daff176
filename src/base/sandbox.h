/* SPDX-License-Identifier: ISC */

#ifndef BASE_SANDBOX_H
#define BASE_SANDBOX_H

/* What a process gives up for the rest of its life (qmail-sandbox(7) has the table; the profiles in
 * sandbox.c and src/filters are the same in C). Limits, no_new_privs, Landlock and a seccomp filter are
 * inherited through exec: a process that runs the queue program, a user's program or one of the admin's
 * has no profile. */

typedef enum sandbox_profile
{
	SANDBOX_SEND,           /* current directory: the home */
	SANDBOX_QUEUE,          /* current directory: the queue */
	SANDBOX_CLEAN,          /* the queue */
	SANDBOX_RSPAWN,
	SANDBOX_REMOTE,         /* the home */
	SANDBOX_POP3D,          /* the Maildir */
	SANDBOX_GETPW,
	SANDBOX_NEWU,
	SANDBOX_SPLOGGER,
	SANDBOX_RCPTD,          /* the home */
	SANDBOX_LOOK,           /* anywhere: a look at a user's home as that user */
	SANDBOX_PROFILES,
} sandbox_profile;

/* sandbox_enter: give up what the profile does not need, for good.
 *
 * Returns 1; also where the kernel has no Landlock or no seccomp (the rest is then done) and, with nothing
 * done at all, where the file control/nosandbox exists. 0 with errno when the kernel has what it takes and
 * could not do it: the caller must end with a temporary failure. A limit that is lower stays. */
extern int sandbox_enter(sandbox_profile which);

/* sandbox_missing: what this kernel lacks of it, to be said in a log; null if nothing or nothing is wanted. To be asked
 * before sandbox_enter, which may leave no way to ask. */
extern char const *sandbox_missing(void);

#endif
