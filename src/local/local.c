/* SPDX-License-Identifier: ISC */

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <skalibs/sig.h>
#include <skalibs/strerr.h>
#include <skalibs/types.h>

#include "base/fds.h"
#include "base/io.h"
#include "base/option.h"
#include "deliver.h"
#include "find.h"
#include "inherit.h"
#include "loop.h"
#include "message.h"
#include "outcome.h"

#define USAGE "qmail-local [ -nN ] user homedir local dash ext domain sender aliasempty"

char const *PROG = "qmail-local";

enum { ARGUMENTS = 8, BLOCK = 65536 };

static void handled(int sig)
{
	(void)sig;
}

/* The user's limits and whoever starts us may not decide whether we notice a failure: a file size limit
 * or a reader gone is an errno here. Programs start with the defaults again (a caught signal does not
 * survive exec). */
static void prepare(void)
{
	struct sigaction old;

	umask(077);
	sig_blocknone();
	sig_restore(SIGCHLD);
	sig_ignore(SIGPIPE);
	if (sigaction(SIGXFSZ, 0, &old) == 0 && old.sa_handler == SIG_DFL)
		sig_catch(SIGXFSZ, &handled);
	/* A missing descriptor 0 would become an empty message. */
	if (fcntl(0, F_GETFD) < 0)
		strerr_die(OUTCOME_DEFERRED, "Unable to read message: file descriptor not open. (#4.3.0)");
	if (!fds_sane(2))
		strerr_diefusys(OUTCOME_DEFERRED, "open ", "/dev/null");
	fds_cloexec_from(3);
}

static char const letters[] = "nN";

static void usage(char const *name, subgetopt const *options)
{
	stralloc text = STRALLOC_ZERO;

	if (options && option_mistake(&text, name, letters, options))
		io_writeall(2, text.s, text.len);
	strerr_dieusage(OUTCOME_FAILED, USAGE);
}

/* Returns 1 if the deliveries are only to be described. */
static int arguments(int argc, char const *const *argv, delivery *d)
{
	subgetopt options = SUBGETOPT_ZERO;
	int describe = 0;
	int c;

	while ((c = option_next(argc, argv, letters, &options)) != -1) {
		if (c == '?')
			usage(argv[0], &options);
		describe = c == 'n';
	}
	argc -= options.ind;
	argv += options.ind;
	if (argc != ARGUMENTS || argv[1][0] != '/')
		usage(PROG, 0);
	d->user = argv[0];
	d->home = argv[1];
	d->local = argv[2];
	d->dash = argv[3];
	d->ext = argv[4];
	d->host = argv[5];
	d->sender = argv[6];
	d->fallback = argv[7];
	return describe;
}

static int check_loop(outcome *o, delivery const *d)
{
	static char block[BLOCK];
	loop l;

	if (!message_rewind(o))
		return 0;
	loop_start(&l, d->dtline.s, d->dtline.len);
	for (;;) {
		ssize_t r = message_read(block, sizeof block);

		if (r < 0)
			return outcome_defer(o, "Unable to read message", "", "4.3.0");
		if (r == 0)
			return 1;
		switch (loop_feed(&l, block, (size_t)r)) {
		case LOOP_MORE:
			break;
		case LOOP_CLEAN:
			return 1;
		case LOOP_FOUND:
			return outcome_set(o, OUTCOME_FAILED,
				"This message is looping: it already has my Delivered-To line. (#5.4.6)", (char *)0);
		}
	}
}

/* All deliveries are done: should nobody read this, they still are. */
static void report(deliver_counts const *n)
{
	char line[4 * ULONG_FMT + 16];
	size_t len = 4;

	memcpy(line, "did ", 4);
	len += ulong_fmt(line + len, n->files);
	line[len++] = '+';
	len += ulong_fmt(line + len, n->forwards);
	line[len++] = '+';
	len += ulong_fmt(line + len, n->programs);
	line[len++] = '\n';
	if (n->qp) {
		memcpy(line + len, "qp ", 3);
		len += 3;
		len += ulong_fmt(line + len, n->qp);
		line[len++] = '\n';
	}
	io_writeall(1, line, len);
}

static int deliver(outcome *o, delivery *d, int describe)
{
	instructions i = INSTRUCTIONS_ZERO;
	deliver_counts n = { 0, 0, 0, 0 };
	int sticky;

	if (!find_home(o, d, describe, &sticky))
		return 0;
	if (sticky)
		strerr_warn("Warning: home directory is sticky.");
	if (!delivery_lines(d, time(0)))
		return outcome_nomem(o);
	if (!describe && !check_loop(o, d))
		return 0;
	if (!find_instructions(o, d, &i) || !find_newsender(o, d))
		return 0;
	if (!inherit_environment(d, i.default_part))
		return outcome_nomem(o);
	if (!deliver_all(o, d, &i, describe, &n))
		return 0;
	report(&n);
	return 1;
}

/* One message, one address: everything allocated is left to exit. */
int main(int argc, char const *const *argv)
{
	delivery d = DELIVERY_ZERO;
	outcome o = OUTCOME_ZERO;
	int describe;

	prepare();
	describe = arguments(argc, argv, &d);
	/* Descriptions are harmless. Everything else follows names and runs texts that users write. */
	if (!describe && geteuid() == 0)
		outcome_set(&o, OUTCOME_ROOT, "Not allowed to perform deliveries as root.", (char *)0);
	else
		deliver(&o, &d, describe);
	/* The text goes to qmail-lspawn as a report: no program name in front. */
	outcome_print(&o);
	return o.code;
}
