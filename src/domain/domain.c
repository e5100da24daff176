/* SPDX-License-Identifier: ISC */

/* qmail-domain: puts a virtual domain into all the files it has to be in, or takes it out. */

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <skalibs/exec.h>
#include <skalibs/sig.h>
#include <skalibs/strerr.h>

#include "base/conf.h"
#include "base/fds.h"
#include "base/io.h"
#include "base/option.h"
#include "base/text.h"
#include "change.h"
#include "lines.h"
#include "owner.h"
#include "proto/compiled.h"
#include "recipient/otherhome.h"
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

/* ---- the commands */

/* What people are told, and how we end if it was not done. */
static void conclude(change_status st, change const *c)
{
	if (c->note.len)
		strerr_warnw(c->note.s);
	if (c->lost.len)
		strerr_warnw("not as it was before, and to be mended by hand: ", c->lost.s);
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
	strerr_dief(st == CHANGE_REFUSED ? EXIT_PERM : EXIT_TEMP, c->why.s,
		c->lost.len || (st == CHANGE_REFUSED && !c->touched) ? "" : "; everything is as it was");
}

/* The domain would be taken here, and another home, which does not know it, would send it back by its MX. */
static void need_own_queue(void)
{
	char home[PATH_MAX];
	otherhome what = otherhome_find(home);

	if (what != OTHERHOME_NONE && home[0])
		strerr_dief(EXIT_PERM, what == OTHERHOME_QUEUE ? "queue" : "bin/qmail-queue", " leads to the home ", home,
			", which delivers what is taken here: run its qmail-domain instead, and put into control/rcpthosts here what "
			"is to be taken for it");
}

/* Before the look at what there is. */
static void begin(change *c)
{
	change_status st;

	need_root();
	need_own_queue();
	st = change_lock(c);
	if (st != CHANGE_DONE)
		conclude(st, c);
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

	c.domain = take_domain(arg[0]);
	begin(&c);
	r = c.prefix ? owner_prefix(&o, c.prefix) : owner_account(&o, c.domain, arg[1], arg[2]);
	if (r < 0)
		strerr_diefusys(EXIT_TEMP, "look the account and its directory up");
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

/* Lines of virtualdomains for single addresses are theirs who wrote them. */
static void tell_addresses(char const *domain)
{
	table t = TABLE_ZERO;
	char const *line;
	size_t i = 0;

	if (!table_load(&t))
		return;
	while ((line = table_address(&t, domain, &i)))
		strerr_warnw("control/virtualdomains still has a line for an address: ", line);
}

static int remove_domain(int argc, char const *const *argv)
{
	change c = CHANGE_ZERO;

	if (argc != 2)
		usage();
	c.domain = take_domain(argv[1]);
	begin(&c);
	hold_signals();
	conclude(change_remove(&c), &c);
	tell_addresses(c.domain);
	return 0;
}

static int list(int argc)
{
	table t = TABLE_ZERO;
	stralloc out = STRALLOC_ZERO;
	compiled_source from;

	if (argc != 1)
		usage();
	if (!table_load_used(&t, &from))
		strerr_diefusys(EXIT_TEMP, "read control/virtualdomains");
	if (from == COMPILED_DAMAGED)
		strerr_warnw("control/virtualdomains.cdb cannot be used: the text beside it counts; run qmail-newcdb");
	if (!table_list(&t, &out))
		strerr_diefusys(EXIT_TEMP, "look the domains up in users/cdb");
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
