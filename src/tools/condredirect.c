/* SPDX-License-Identifier: ISC */

/* condredirect: send the message that is being delivered elsewhere, if a program says so. */

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <skalibs/sig.h>
#include <skalibs/stralloc.h>
#include <skalibs/strerr.h>
#include <skalibs/types.h>

#include "base/ask.h"
#include "base/fds.h"
#include "proto/resend.h"

#define USAGE "condredirect newaddress program [ arg ... ]"

char const *PROG = "condredirect";

enum { EXIT_STOP = 99, EXIT_PERM = 100, EXIT_TEMP = 111 };

static char const *must_have(char const *name)
{
	char const *s = getenv(name);

	if (!s)
		strerr_dief(EXIT_PERM, name, " not set");
	return s;
}

/* The program may have read the message: it is read again from its start. */
static void redirect(char const *const *address)
{
	char const *sender;
	char const *dtline;
	char const *trouble;
	char number[ULONG_FMT];
	unsigned long qp;

	if (lseek(0, 0, SEEK_SET) < 0)
		strerr_diefusys(EXIT_TEMP, "rewind");
	sender = must_have("SENDER");
	dtline = must_have("DTLINE");
	trouble = resend_message(0, dtline, sender, address, 1, &qp);
	if (*trouble)
		strerr_dief(*trouble == 'D' ? EXIT_PERM : EXIT_TEMP, trouble + 1);
	number[ulong_fmt(number, qp)] = 0;
	strerr_warn(PROG, ": qp ", number);
}

int main(int argc, char const *const *argv)
{
	stralloc why = STRALLOC_ZERO;

	if (argc < 3)
		strerr_dieusage(EXIT_PERM, USAGE);
	if (!fds_sane(2))
		strerr_diefusys(EXIT_TEMP, "open descriptors 0 to 2");
	switch (ask_program(argv + 2, &why)) {
	case ASK_YES:
		fds_cloexec_from(3);
		sig_ignore(SIGPIPE);
		redirect(argv + 1);
		return EXIT_STOP;
	case ASK_NO:
		return 0;
	default:
		strerr_dief(EXIT_TEMP, why.len > 0 ? why.s : "out of memory");
	}
}
