/* SPDX-License-Identifier: ISC */

/* qmail-lint: looks through the whole configuration for what a careful administrator would find. */

#include <string.h>
#include <unistd.h>

#include <skalibs/sig.h>
#include <skalibs/strerr.h>

#include "base/conf.h"
#include "base/fds.h"
#include "base/io.h"
#include "base/option.h"
#include "basics.h"
#include "controls.h"
#include "domains.h"
#include "modes.h"
#include "people.h"
#include "recipients.h"
#include "users.h"

#define USAGE "qmail-lint [ -d domain,... ]"

enum { EXIT_USAGE = 100, EXIT_TEMP = 111 };

char const *PROG = "qmail-lint";

static char const letters[] = "d:";

static int take_domains(setup *s, char const *names)
{
	stralloc lines = STRALLOC_ZERO;
	size_t i;
	int ok = stralloc_cats(&lines, names);

	s->domains_only = 1;
	for (i = 0; i < lines.len; i++)
		if (lines.s[i] == ',')
			lines.s[i] = '\n';
	ok = ok && control_list_parse(&s->only, lines.s, lines.len);
	stralloc_free(&lines);
	return ok;
}

static void arguments(int argc, char const *const *argv, setup *s)
{
	subgetopt options = SUBGETOPT_ZERO;
	int c;

	while ((c = option_next(argc, argv, letters, &options)) != -1) {
		if (c != 'd')
			strerr_dieusage(EXIT_USAGE, USAGE);
		if (!take_domains(s, options.arg))
			strerr_dief(EXIT_TEMP, "out of memory");
	}
	if (options.ind < argc)
		strerr_dieusage(EXIT_USAGE, USAGE);
}

int main(int argc, char const *const *argv)
{
	setup s = { .usable = 0 };
	findings f = FINDINGS_ZERO;

	if (!fds_sane(2))
		strerr_diefusys(EXIT_TEMP, "open descriptors 0 to 2");
	fds_cloexec_from(3);
	sig_restore(SIGCHLD);
	sig_ignore(SIGPIPE);
	arguments(argc, argv, &s);
	if (chdir(conf_home) < 0)
		strerr_diefusys(EXIT_TEMP, "switch to ", conf_home);
	setup_load(&s, &f);
	if (!s.domains_only) {
		basics_check(&s, &f);
		controls_check(&f);
	}
	domains_check(&s, &f);
	recipients_check(&s, &f);
	users_check(&s, &f);
	if (!s.domains_only) {
		people_check(&s, &f);
		modes_check(&f);
	}
	setup_free(&s);
	if (f.failed)
		strerr_dief(EXIT_TEMP, "out of memory");
	if (!io_writeall(1, f.out.s, f.out.len))
		strerr_diefusys(EXIT_TEMP, "write output");
	return f.worst;
}
