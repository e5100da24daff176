/* SPDX-License-Identifier: ISC */

/* except: turn the answer of a program round. */

#include <skalibs/stralloc.h>
#include <skalibs/strerr.h>

#include "base/ask.h"
#include "base/fds.h"

#define USAGE "except program [ arg ... ]"

char const *PROG = "except";

enum { EXIT_PERM = 100, EXIT_TEMP = 111 };

int main(int argc, char const *const *argv)
{
	stralloc why = STRALLOC_ZERO;

	if (argc < 2)
		strerr_dieusage(EXIT_PERM, USAGE);
	if (!fds_sane(2))
		strerr_diefusys(EXIT_TEMP, "open descriptors 0 to 2");
	switch (ask_program(argv + 1, &why)) {
	case ASK_YES:
		return EXIT_PERM;
	case ASK_NO:
		return 0;
	default:
		strerr_dief(EXIT_TEMP, why.len > 0 ? why.s : "out of memory");
	}
}
