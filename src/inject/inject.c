/* SPDX-License-Identifier: ISC */

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include <skalibs/sig.h>
#include <skalibs/stralloc.h>

#include "base/fds.h"
#include "base/io.h"
#include "base/option.h"
#include "inject/compose.h"
#include "inject/controls.h"
#include "inject/fault.h"
#include "inject/header.h"
#include "inject/input.h"
#include "inject/recipients.h"
#include "inject/sender.h"
#include "inject/sink.h"

char const *PROG = "qmail-inject";

enum { EXIT_PERM = 100, EXIT_TEMP = 111 };

/* Whose addresses receive the message: one bit for the arguments, one for the header. */
enum { BY_DEFAULT = 0, BY_ARGUMENTS = 1, BY_HEADER = 2, BY_BOTH = 3 };

typedef struct options
{
	int print;
	int by;
	int have_sender;
	int first;              /* argument that is no option */
} options;

/* A short-lived process: what is allocated here lives until exit. */
static controls control = CONTROLS_ZERO;
static recipients recipient = RECIPIENTS_ZERO;
static fault trouble = FAULT_ZERO;
static stralloc sender = STRALLOC_ZERO;
static input in;
static sink out;

static _Noreturn void die(void)
{
	stralloc text = STRALLOC_ZERO;

	if (fault_text(&text, &trouble))
		io_writeall(2, text.s, text.len);
	_exit(fault_code(&trouble));
}

static _Noreturn void die_nomem(void)
{
	fault_set(&trouble, FAULT_NOMEM, "", 0);
	die();
}

static _Noreturn void die_option(char const *name, char const *letters, subgetopt const *l)
{
	stralloc text = STRALLOC_ZERO;

	if (option_mistake(&text, name, letters, l))
		io_writeall(2, text.s, text.len);
	_exit(EXIT_PERM);
}

static void take_option(options *o, int letter, char const *arg)
{
	switch (letter) {
	case 'a': o->by = BY_ARGUMENTS; break;
	case 'h': o->by = BY_HEADER; break;
	case 'H': o->by = BY_BOTH; break;
	case 'A': o->by = BY_DEFAULT; break;
	case 'n': o->print = 1; break;
	case 'N': o->print = 0; break;
	default:
		sender.len = 0;
		o->have_sender = 1;
		if (!recipients_argument(&sender, arg, &control.rules, FAULT_LINE, &trouble))
			die();
	}
}

static void read_options(options *o, int argc, char const *const *argv)
{
	static char const letters[] = "aAhHnNf:";
	subgetopt l = SUBGETOPT_ZERO;
	int letter;

	while ((letter = option_next(argc, argv, letters, &l)) != -1) {
		if (letter == '?')
			die_option(argv[0], letters, &l);
		take_option(o, letter, l.arg);
	}
	o->first = l.ind;
	if (o->by == BY_DEFAULT)
		o->by = argv[o->first] ? BY_ARGUMENTS : BY_HEADER;
}

static void read_arguments(char const *const *argv)
{
	stralloc address = STRALLOC_ZERO;

	for (; *argv; argv++) {
		address.len = 0;
		if (!recipients_argument(&address, *argv, &control.rules, FAULT_ADDRESS, &trouble)
		 || (address.len == 0 && !fault_set(&trouble, FAULT_ADDRESS, *argv, strlen(*argv)))
		 || !recipients_add_text(&recipient, RECIPIENTS_ARGUMENT, address.s, address.len, &trouble))
			die();
	}
	stralloc_free(&address);
}

static void end_sender(header const *h)
{
	/* still wanted: neither -f nor a Return-Path field gave one */
	if (h->sender && !sender_default(&sender, h->identity, &control.rules, &trouble))
		die();
	if (!stralloc_0(&sender))
		die_nomem();
	sender.len--;
}

static void put_header(header const *h, int print)
{
	stralloc text = STRALLOC_ZERO;

	if (print && !compose_return_path(&text, sender.s))
		die_nomem();
	if (!compose_header(&text, h) || !sink_open(&out, !print, &trouble))
		die();
	sink_put(&out, text.s, text.len);
	sink_put(&out, h->text.s, h->text.len);
	stralloc_free(&text);
}

/* The body, of any size, as it comes; a last line without end gets one. */
static void put_body(header const *h)
{
	char const *s = h->body.s;
	size_t n = h->body.len;
	char last = '\n';
	input_status status = INPUT_PART;

	if (n == 0)
		return;
	while (status == INPUT_PART) {
		sink_put(&out, s, n);
		last = s[n - 1];
		status = input_some(&in, &s, &n);
	}
	if (status == INPUT_ERROR) {
		fault_errno(&trouble, FAULT_READ);
		sink_abandon(&out);
		die();
	}
	if (last != '\n')
		sink_puts(&out, "\n");
}

/* The lists that receive the message, then RECIPIENTS_LISTS. */
enum { RECEIVERS = 3 };
static void find_receivers(recipients_list *lists, header const *h, int by)
{
	int n = 0;

	if (by & BY_ARGUMENTS)
		lists[n++] = RECIPIENTS_ARGUMENT;
	if (by & BY_HEADER) {
		lists[n] = header_is_resent(h) ? RECIPIENTS_RESENT : RECIPIENTS_HEADER;
		if (recipient.trouble[lists[n]].kind != FAULT_NONE) {
			trouble = recipient.trouble[lists[n]];
			die();
		}
		n++;
	}
	lists[n] = RECIPIENTS_LISTS;
}

/* A standard input that is closed must stay unreadable, and none of the three may become a file of ours. */
static void keep_descriptors(void)
{
	if (fcntl(0, F_GETFD) < 0 && errno == EBADF)
		open("/dev/null", O_WRONLY);
	if (!fds_sane(2) || !io_start())
		_exit(EXIT_TEMP);
	fds_cloexec_from(3);
}

int main(int argc, char const *const *argv)
{
	identity id;
	options o = { .by = BY_DEFAULT };
	header h = HEADER_ZERO;
	recipients_list receivers[RECEIVERS];

	keep_descriptors();
	sig_ignore(SIGPIPE);
	identity_read(&id);
	if (!controls_read(&control, &trouble))
		die();
	read_options(&o, argc, argv);
	if (o.by & BY_ARGUMENTS)
		read_arguments(argv + o.first);
	if (!identity_check(&id, &trouble))
		die();

	h.controls = &control;
	h.identity = &id;
	h.recipients = &recipient;
	h.fault = &trouble;
	h.sender = o.have_sender ? 0 : &sender;
	input_init(&in, 0);
	if (!header_read(&h, &in))
		die();
	find_receivers(receivers, &h, o.by);
	end_sender(&h);
	put_header(&h, o.print);
	put_body(&h);
	if (!sink_close(&out, sender.s, &recipient, receivers, &trouble))
		die();
	_exit(0);
}
