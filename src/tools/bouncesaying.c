/* SPDX-License-Identifier: ISC */

/* bouncesaying: refuse the message that is being delivered, always or if a program says so. */

#include <string.h>

#include <skalibs/stralloc.h>
#include <skalibs/strerr.h>

#include "base/ask.h"
#include "base/fds.h"
#include "base/io.h"

#define USAGE "bouncesaying error [ program [ arg ... ] ]"

char const *PROG = "bouncesaying";

enum { EXIT_PERM = 100, EXIT_TEMP = 111 };

static int refuse(char const *error)
{
	(void)(io_writeall(2, error, strlen(error)) && io_writeall(2, "\n", 1));
	return EXIT_PERM;
}

int main(int argc, char const *const *argv)
{
	stralloc why = STRALLOC_ZERO;

	if (argc < 2)
		strerr_dieusage(EXIT_PERM, USAGE);
	if (!fds_sane(2))
		strerr_diefusys(EXIT_TEMP, "open descriptors 0 to 2");
	switch (argc > 2 ? ask_program(argv + 2, &why) : ASK_YES) {
	case ASK_YES:
		return refuse(argv[1]);
	case ASK_NO:
		return 0;
	default:
		strerr_dief(EXIT_TEMP, why.len > 0 ? why.s : "out of memory");
	}
}
