/* SPDX-License-Identifier: ISC */

#ifndef LOCAL_PROGRAM_H
#define LOCAL_PROGRAM_H

#include "outcome.h"

/* program_run: give the message to the shell command text, in the current directory, with exactly
 * descriptors 0 (the message, from its start), 1 and 2. Returns 1 with o->code OUTCOME_DONE or
 * OUTCOME_STOP, or 0 with *o set from the program's exit code by program_verdict. */
extern int program_run(outcome *o, char const *text);

/* program_verdict: what an exit code means (qmail-command(8)): OUTCOME_DONE, OUTCOME_STOP,
 * OUTCOME_FAILED or, for all that are not listed there, OUTCOME_DEFERRED. */
extern int program_verdict(int exitcode);

#endif
