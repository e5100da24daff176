/* SPDX-License-Identifier: ISC */

/* preline: run a program on the message that is being delivered, with the lines in front that other mail
 * systems put there. */

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include <skalibs/sig.h>
#include <skalibs/stralloc.h>
#include <skalibs/strerr.h>

#include "base/errtemp.h"
#include "base/fds.h"
#include "base/feed.h"
#include "base/io.h"
#include "base/option.h"

#define USAGE "preline cmd [ arg ... ]"

char const *PROG = "preline";

enum { EXIT_PERM = 100, EXIT_TEMP = 111 };

static char const letters[] = "frdFRD";

static struct line { char const *variable; char off, on; char const *text; } lines[] = {
	{ "UFLINE", 'f', 'F', 0 },
	{ "RPLINE", 'r', 'R', 0 },
	{ "DTLINE", 'd', 'D', 0 },
};
enum { LINES = sizeof lines / sizeof lines[0] };

static _Noreturn void die_option(char const *name, subgetopt const *l)
{
	stralloc text = STRALLOC_ZERO;

	if (option_mistake(&text, name, letters, l))
		io_writeall(2, text.s, text.len);
	stralloc_free(&text);
	strerr_dieusage(EXIT_PERM, USAGE);
}

static void find_lines(void)
{
	int i;

	for (i = 0; i < LINES; i++) {
		lines[i].text = getenv(lines[i].variable);
		if (!lines[i].text)
			strerr_dieusage(EXIT_PERM, USAGE);
	}
}

/* The index in argv of the program. */
static int read_options(int argc, char const *const *argv)
{
	subgetopt l = SUBGETOPT_ZERO;
	int letter;
	int i;

	while ((letter = option_next(argc, argv, letters, &l)) != -1) {
		if (letter == '?')
			die_option(argv[0], &l);
		for (i = 0; i < LINES; i++) {
			if (letter == lines[i].off)
				lines[i].text = "";
			else if (letter == lines[i].on)
				lines[i].text = getenv(lines[i].variable);
		}
	}
	return l.ind;
}

static void put_message(feed *f)
{
	int i;

	for (i = 0; i < LINES; i++)
		feed_put(f, lines[i].text, strlen(lines[i].text));
	if (!feed_copy(f, 0))
		strerr_diefusys(EXIT_TEMP, "read message");
}

int main(int argc, char const *const *argv)
{
	feed f;
	int code;
	int first;

	if (!fds_sane(2))
		strerr_diefusys(EXIT_TEMP, "open descriptors 0 to 2");
	find_lines();
	first = read_options(argc, argv);
	if (first >= argc)
		strerr_dieusage(EXIT_PERM, USAGE);
	sig_ignore(SIGPIPE);
	if (!feed_start(&f, argv + first))
		strerr_diefusys(errtemp(errno) ? EXIT_TEMP : EXIT_PERM, "run ", argv[first]);
	put_message(&f);
	switch (feed_end(&f, &code)) {
	case 1:
		return code;
	case 0:
		strerr_dief(EXIT_TEMP, "child crashed");
	default:
		strerr_diefusys(EXIT_TEMP, "wait for ", argv[first]);
	}
}
