/* SPDX-License-Identifier: ISC */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <skalibs/stralloc.h>
#include <skalibs/strerr.h>

#include "base/conf.h"
#include "base/io.h"
#include "base/option.h"
#include "base/text.h"
#include "mail/argument.h"

#define USAGE "sendmail [ -t ] [ -fsender ] [ -Fname ] [ -bp ] [ -bs ] [ arg ... ]"

char const *PROG = "sendmail";

enum { EXIT_PERM = 100, EXIT_TEMP = 111 };

/* Letters that only other sendmails know a use for are taken, so that what calls "a sendmail" gets on:
 * -N -O -R -V -L -r -n -U. */
static char const letters[] = "vimte:f:p:o:B:F:EJxb:N:O:R:V:L:r:nU";

typedef struct options
{
	int header;             /* -t */
	char const *sender;     /* -f, -r */
	int first;              /* argument that is no option */
} options;

static _Noreturn void die_nomem(void)
{
	strerr_dief(EXIT_TEMP, "out of memory");
}

static void set(char const *variable, char const *value)
{
	if (setenv(variable, value, 1) < 0)
		die_nomem();
}

static void run(char const *program, char const *const *argv)
{
	execv(program, (char *const *)argv);
	if (errno == ENOMEM)
		die_nomem();
	strerr_dief(EXIT_TEMP, "unable to run ", program + sizeof "bin");
}

static void run_mailq(void)
{
	static char const *const argv[] = { "bin/qmail-qread", 0 };

	run(argv[0], argv);
}

/* Who speaks SMTP to us on a pipe is on this machine and may send anywhere. */
static void run_smtpd(void)
{
	static char const *const argv[] = { "bin/qmail-smtpd", 0 };
	static char const *const environment[][2] = {
		{ "RELAYCLIENT", "" },
		{ "DATABYTES", "0" },
		{ "PROTO", "TCP" },
		{ "TCPLOCALIP", "127.0.0.1" },
		{ "TCPLOCALHOST", "localhost" },
		{ "TCPREMOTEIP", "127.0.0.1" },
		{ "TCPREMOTEHOST", "localhost" },
		{ "TCPREMOTEINFO", "sendmail-bs" },
	};
	size_t i;

	if (!getenv("PROTO"))
		for (i = 0; i < sizeof environment / sizeof environment[0]; i++)
			set(environment[i][0], environment[i][1]);
	run(argv[0], argv);
}

/* Sieve and others write the sender as it stands in SMTP, <> for none. */
static char const *without_brackets(char const *sender)
{
	char const *s;
	char *bare;
	size_t n;

	/* what is not right stays as it is for qmail-inject to refuse */
	if (!argument_bare(sender, &s, &n))
		return sender;
	bare = strndup(s, n);
	if (!bare)
		die_nomem();
	return bare;
}

/* The From field follows the envelope sender: name and host of the environment are another's. A message that
 * shall have no bounces is still from the user. */
static void follow_sender(char const *sender)
{
	static char const *const others[] = { "QMAILNAME", "MAILNAME", "NAME", "QMAILHOST", "MAILHOST" };
	size_t n = strlen(sender);
	size_t at = text_rchr(sender, n, '@');
	char *user;
	size_t i;

	if (n == 0)
		return;
	for (i = 0; i < sizeof others / sizeof others[0]; i++)
		unsetenv(others[i]);
	if (at < n)
		set("QMAILHOST", sender + at + 1);
	user = strndup(sender, at);
	if (!user)
		die_nomem();
	set("QMAILUSER", user);
	free(user);
}

static void run_inject(options const *o, int argc, char const *const *argv)
{
	char const **args = calloc((size_t)(argc - o->first) + 6, sizeof *args);
	size_t n = 0;
	int i;

	if (!args)
		die_nomem();
	args[n++] = "bin/qmail-inject";
	args[n++] = o->header ? "-H" : "-a";
	if (o->sender) {
		args[n++] = "-f";
		args[n++] = o->sender;
		follow_sender(o->sender);
	}
	args[n++] = "--";
	for (i = o->first; i < argc; i++)
		args[n++] = argv[i];
	run(args[0], args);
}

static _Noreturn void die_usage(void)
{
	strerr_dieusage(EXIT_PERM, USAGE);
}

static _Noreturn void die_option(char const *name, subgetopt const *l)
{
	stralloc text = STRALLOC_ZERO;

	if (option_mistake(&text, name, letters, l))
		io_writeall(2, text.s, text.len);
	stralloc_free(&text);
	die_usage();
}

static void choose_mode(char const *mode)
{
	switch (mode[0]) {
	case 'm': return;
	case 'p': run_mailq(); return;
	case 's': run_smtpd(); return;
	default: die_usage();
	}
}

static void take_option(options *o, subgetopt *l, int letter)
{
	switch (letter) {
	case 't':
		o->header = 1;
		break;
	case 'f':
	case 'r':
		o->sender = without_brackets(l->arg);
		break;
	case 'F':
		set("MAILNAME", l->arg);
		break;
	case 'b':
		choose_mode(l->arg);
		break;
	case 'E':
	case 'J':
		/* the rest of the word is a value that may be absent */
		if (l->pos) {
			l->pos = 0;
			l->ind++;
		}
		break;
	default:
		break;
	}
}

static void read_options(options *o, int argc, char const *const *argv)
{
	subgetopt l = SUBGETOPT_ZERO;
	int letter;

	while ((letter = option_next(argc, argv, letters, &l)) != -1) {
		if (letter == '?')
			die_option(argv[0], &l);
		take_option(o, &l, letter);
	}
	o->first = l.ind;
}

int main(int argc, char const *const *argv)
{
	options o = { .header = 0 };
	char const *name = option_name(argc > 0 ? argv[0] : PROG);

	if (chdir(conf_home) < 0)
		strerr_dief(EXIT_TEMP, "unable to switch to qmail home directory");
	read_options(&o, argc, argv);
	if (strcmp(name, "mailq") == 0)
		run_mailq();
	if (strcmp(name, "newaliases") == 0)
		strerr_dief(EXIT_PERM, "please use fastforward/newaliases instead");
	run_inject(&o, argc, argv);
}
