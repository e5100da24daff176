/* SPDX-License-Identifier: ISC */

#include "deadline.h"

#include <signal.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include <skalibs/sig.h>

#include "outcome.h"

static char const *deadline_text;
static char const *deadline_file;

/* Runs in the middle of anything: system calls only. Ending here and now, rather than setting a flag,
 * leaves no moment between a test of the flag and the call that hangs. */
static void expired(int sig)
{
	struct iovec v[2] = {
		{ .iov_base = (void *)deadline_text, .iov_len = strlen(deadline_text) },
		{ .iov_base = (void *)"\n", .iov_len = 1 },
	};
	ssize_t r;

	(void)sig;
	if (deadline_file)
		unlink(deadline_file);
	r = writev(2, v, 2);
	(void)r;
	_exit(OUTCOME_DEFERRED);
}

void deadline_start(unsigned int seconds, char const *text, char const *file)
{
	deadline_text = text;
	deadline_file = file;
	sig_catch(SIGALRM, &expired);
	alarm(seconds);
}

void deadline_stop(void)
{
	alarm(0);
	sig_restore(SIGALRM);
}
