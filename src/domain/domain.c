/* SPDX-License-Identifier: ISC */

/* qmail-domain: puts a virtual domain into all the files it has to be in, or takes it out. */

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <skalibs/exec.h>
#include <skalibs/sig.h>
#include <skalibs/strerr.h>

#include "base/conf.h"
#include "base/constmap.h"
#include "base/control.h"
#include "base/fds.h"
#include "base/io.h"
#include "base/option.h"
#include "base/text.h"
#include "change.h"
#include "lines.h"
#include "owner.h"
#include "proto/compiled.h"
#include "table.h"

#define USAGE "qmail-domain add domain account [ directory ] | qmail-domain add -p prefix domain | " \
	"qmail-domain remove domain | qmail-domain list | qmail-domain check [ domain ... ]"

enum { EXIT_PERM = 100, EXIT_TEMP = 111 };

char const *PROG = "qmail-domain";

static char const letters[] = "p:";

static void usage(void)
{
	strerr_dieusage(EXIT_PERM, USAGE);
}

static void nomem(void)
{
	strerr_dief(EXIT_TEMP, "out of memory");
}

/* ---- what the files say before anything is changed */

/* The domain in lower case. */
static char const *take_domain(char const *arg)
{
	static stralloc domain = STRALLOC_ZERO;

	if (!lines_name(arg))
		strerr_dief(EXIT_PERM, "not the name of a domain: ", arg);
	if (!stralloc_copys(&domain, arg) || !stralloc_0(&domain))
		nomem();
	text_lowerb(domain.s, domain.len);
	return domain.s;
}

static void need_root(void)
{
	if (geteuid() != 0)
		strerr_dief(EXIT_PERM, "only root can change the files");
}

/* Of a domain in locals the users are those of the system, whatever virtualdomains says. */
static void refuse_local(char const *domain, char const *cure)
{
	control_list l = CONTROL_LIST_ZERO;
	constmap m = CONSTMAP_ZERO;
	compiled_source from;

	if (compiled_readlist(&l, "control/locals", 1, 0, &from) == CONTROL_ERROR || !constmap_set(&m, &l))
		strerr_diefusys(EXIT_TEMP, "read control/locals");
	if (constmap_find(&m, domain, strlen(domain)))
		strerr_dief(EXIT_PERM, domain, " is in control/locals, which comes before control/virtualdomains; ", cure);
	constmap_free(&m);
	control_list_free(&l);
}

/* A text of one line would take the place of the whole table. */
static void need_texts(void)
{
	static char const *const files[] = { "control/rcpthosts", "control/virtualdomains" };
	size_t i;

	for (i = 0; i < sizeof files / sizeof *files; i++)
		if (access(files[i], F_OK) < 0 && access(compiled_name(files[i]), F_OK) == 0)
			strerr_dief(EXIT_PERM, "there is no ", files[i], ", only the table made of it; write the text first, with all that is "
				"in the table");
}

static void need_rcpthosts(void)
{
	struct stat st;

	need_texts();
	if (stat("control/rcpthosts", &st) == 0)
		return;
	if (errno != ENOENT)
		strerr_diefusys(EXIT_TEMP, "look at control/rcpthosts");
	strerr_dief(EXIT_PERM, "there is no control/rcpthosts, so this host relays for everybody; write it first, with every domain "
		"of control/locals and control/virtualdomains in it: with one domain alone it would refuse the others");
}

/* ---- the commands */

static void conclude(change_status st, change const *c)
{
	if (c->note.len)
		strerr_warnw(c->note.s);
	switch (st) {
	case CHANGE_DONE:
	case CHANGE_NOTHING:
		return;
	case CHANGE_NOMEM:
		nomem();
		return;
	case CHANGE_REFUSED:
	case CHANGE_TROUBLE:
		break;
	}
	if (c->lost.len)
		strerr_warnw("not as it was before, and to be mended by hand: ", c->lost.s);
	strerr_dief(st == CHANGE_REFUSED ? EXIT_PERM : EXIT_TEMP, c->why.s, c->lost.len ? "" : "; everything is as it was");
}

/* From here on it is all or nothing; an impatient terminal must not leave half. */
static void hold_signals(void)
{
	sig_ignore(SIGINT);
	sig_ignore(SIGTERM);
	sig_ignore(SIGHUP);
	sig_ignore(SIGQUIT);
}

/* -p, and then the arguments: what the command line says. */
static char const *const *take_arguments(int argc, char const *const *argv, change *c)
{
	subgetopt options = SUBGETOPT_ZERO;
	int given;
	int letter;

	while ((letter = option_next(argc, argv, letters, &options)) != -1) {
		if (letter != 'p')
			usage();
		c->prefix = options.arg;
	}
	given = argc - options.ind;
	if (c->prefix ? given != 1 : given < 2 || given > 3)
		usage();
	return argv + options.ind;
}

static int add(int argc, char const *const *argv)
{
	change c = CHANGE_ZERO;
	owner o = OWNER_ZERO;
	char const *const *arg = take_arguments(argc, argv, &c);
	int r;

	need_root();
	c.domain = take_domain(arg[0]);
	refuse_local(c.domain, "take it out there, send HUP, and try again");
	need_rcpthosts();
	r = c.prefix ? owner_prefix(&o, c.prefix) : owner_account(&o, c.domain, arg[1], arg[2]);
	if (r < 0)
		strerr_diefusys(EXIT_TEMP, "look the account up");
	if (r == 0)
		strerr_dief(EXIT_PERM, o.why.s);
	if (!c.prefix) {
		c.prefix = c.domain;
		c.assign = o.line.s;
	}
	hold_signals();
	conclude(change_add(&c), &c);
	if (c.assign && owner_forgotten(&o))
		strerr_warnw(o.why.s);
	return 0;
}

static int remove_domain(int argc, char const *const *argv)
{
	change c = CHANGE_ZERO;
	table t = TABLE_ZERO;
	change_status st;

	if (argc != 2)
		usage();
	need_root();
	need_texts();
	c.domain = take_domain(argv[1]);
	refuse_local(c.domain, "its users are those of the system");
	if (!table_load(&t))
		strerr_diefusys(EXIT_TEMP, "read control/virtualdomains");
	if (!table_knows(&t, c.domain))
		strerr_dief(EXIT_PERM, c.domain, " is no virtual domain: neither control/virtualdomains nor users/assign has it");
	c.keep_assign = !table_owns_assign(&t, c.domain);
	hold_signals();
	st = change_remove(&c);
	conclude(st, &c);
	table_warn_rest(&t, c.domain);
	return 0;
}

static int list(int argc)
{
	table t = TABLE_ZERO;
	stralloc out = STRALLOC_ZERO;

	if (argc != 1)
		usage();
	if (!table_load(&t))
		strerr_diefusys(EXIT_TEMP, "read the files");
	if (!table_list(&t, &out))
		nomem();
	if (!io_writeall(1, out.s, out.len))
		strerr_diefusys(EXIT_TEMP, "write output");
	return 0;
}

/* qmail-lint knows what can be wrong with a domain. */
static int check(int argc, char const *const *argv)
{
	stralloc args = STRALLOC_ZERO;
	char const *lint[] = { "bin/qmail-lint", "-d", 0, 0 };
	int i;

	for (i = 1; i < argc; i++)
		if (!stralloc_cats(&args, i > 1 ? "," : "") || !stralloc_cats(&args, take_domain(argv[i])))
			nomem();
	if (!stralloc_0(&args))
		nomem();
	lint[2] = args.s;
	exec(lint);
	strerr_diefusys(EXIT_TEMP, "run ", conf_home, "/bin/qmail-lint");
}

int main(int argc, char const *const *argv)
{
	char const *command = argc > 1 ? argv[1] : "";
	int code = EXIT_PERM;

	if (!fds_sane(2))
		strerr_diefusys(EXIT_TEMP, "open descriptors 0 to 2");
	fds_cloexec_from(3);
	sig_restore(SIGCHLD);
	sig_ignore(SIGPIPE);
	umask(022);
	if (chdir(conf_home) < 0)
		strerr_diefusys(EXIT_TEMP, "switch to ", conf_home);
	argc--;
	argv++;
	if (strcmp(command, "add") == 0)
		code = add(argc, argv);
	else if (strcmp(command, "remove") == 0)
		code = remove_domain(argc, argv);
	else if (strcmp(command, "list") == 0)
		code = list(argc);
	else if (strcmp(command, "check") == 0)
		code = check(argc, argv);
	else
		usage();
	return code;
}
