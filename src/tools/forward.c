/* SPDX-License-Identifier: ISC */

/* forward: send the message that is being delivered on. */

#include <signal.h>
#include <stdlib.h>

#include <skalibs/sig.h>
#include <skalibs/strerr.h>
#include <skalibs/types.h>

#include "base/fds.h"
#include "proto/resend.h"

char const *PROG = "forward";

enum { EXIT_PERM = 100, EXIT_TEMP = 111 };

static char const *must_have(char const *name)
{
	char const *s = getenv(name);

	if (!s)
		strerr_dief(EXIT_PERM, name, " not set");
	return s;
}

int main(int argc, char const *const *argv)
{
	char const *sender = must_have("NEWSENDER");
	char const *dtline = must_have("DTLINE");
	char const *trouble;
	char number[ULONG_FMT];
	unsigned long qp;

	if (!fds_sane(2))
		strerr_diefusys(EXIT_TEMP, "open descriptors 0 to 2");
	fds_cloexec_from(3);
	sig_ignore(SIGPIPE);
	trouble = resend_message(0, dtline, sender, argv + 1, argc > 1 ? (size_t)argc - 1 : 0, &qp);
	if (*trouble)
		strerr_dief(*trouble == 'D' ? EXIT_PERM : EXIT_TEMP, trouble + 1);
	number[ulong_fmt(number, qp)] = 0;
	strerr_warn(PROG, ": qp ", number);
	return 0;
}
