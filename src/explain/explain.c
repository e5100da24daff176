/* SPDX-License-Identifier: ISC */

/* qmail-explain: the road of an address, step by step, with the file and the line of each decision.
 *
 * Every decision is asked of the functions by which qmail-send, qmail-lspawn, qmail-local and qmail-remote decide. */

#include <string.h>
#include <unistd.h>

#include <skalibs/sig.h>
#include <skalibs/strerr.h>

#include "base/conf.h"
#include "base/fds.h"
#include "base/io.h"
#include "base/option.h"
#include "base/text.h"
#include "differs.h"
#include "fallback.h"
#include "home.h"
#include "policy.h"
#include "remote.h"
#include "rewriting.h"
#include "route/verp.h"
#include "show.h"
#include "user.h"

#define USAGE "qmail-explain [ -jd ] [ -s sender ] address ..."

enum { EXIT_NOBODY = 1, EXIT_USAGE = 100, EXIT_TEMP = 111 };

char const *PROG = "qmail-explain";

static char const letters[] = "djs:";

typedef enum { FORM_TEXT, FORM_JSON, FORM_CHART } form;

typedef struct request
{
	form form;
	char const *sender;
	tables tables;
	fallback fallback;
	inuse inuse;
} request;

static void usage(char const *name, subgetopt const *options)
{
	stralloc text = STRALLOC_ZERO;

	if (options && option_mistake(&text, name, letters, options))
		io_writeall(2, text.s, text.len);
	strerr_dieusage(EXIT_USAGE, USAGE);
}

/* Returns the number of the first address. */
static int arguments(int argc, char const *const *argv, request *q)
{
	subgetopt options = SUBGETOPT_ZERO;
	int c;

	q->sender = "";
	while ((c = option_next(argc, argv, letters, &options)) != -1)
		switch (c) {
		case 'd':
			q->form = FORM_CHART;
			break;
		case 'j':
			q->form = FORM_JSON;
			break;
		case 's':
			q->sender = options.arg;
			break;
		default:
			usage(argv[0], &options);
		}
	if (options.ind >= argc)
		usage(PROG, 0);
	return options.ind;
}

static void explain_local(steps *s, request const *q, char *recipient, char const *sender)
{
	char *at = strrchr(recipient, '@');
	stralloc record = STRALLOC_ZERO;
	users_record user;
	home_case c = { .user = &user, .local = recipient, .host = at + 1, .sender = sender, .fallback_file = q->fallback.file };

	*at = 0;
	c.fallback = q->fallback.text.len ? q->fallback.text.s : 0;
	steps_fact(s, "local", recipient, strlen(recipient));
	steps_fact(s, "host", at + 1, strlen(at + 1));
	if (user_explain(s, recipient, &record, &user)) {
		home_explain(s, &c);
		if (steps_outcome(s) == RESULT_NOBODY && user_last_resort(s, recipient, &record, &user))
			home_explain(s, &c);
	}
	stralloc_free(&record);
}

static void explain_address(steps *s, request const *q, char const *address)
{
	stralloc recipient = STRALLOC_ZERO;
	stralloc sender = STRALLOC_ZERO;
	rewrite_route route;

	differs_explain(s, &q->inuse);
	policy_queue(s, q->sender);
	route = rewriting_explain(s, &q->tables, address, &recipient);
	if (route != REWRITE_NOMEM) {
		policy_explain(s, q->sender, recipient.s, recipient.len);
		if (!verp_sender(&sender, q->sender, strlen(q->sender), recipient.s, recipient.len)
		 || !stralloc_0(&sender) || !stralloc_0(&recipient))
			s->failed = 1;
		else if (route == REWRITE_LOCAL)
			explain_local(s, q, recipient.s, sender.s);
		else
			remote_explain(s, sender.s, recipient.s);
	}
	stralloc_free(&recipient);
	stralloc_free(&sender);
}

static int exit_code(steps_result r)
{
	return r == RESULT_DELIVERABLE ? 0 : r == RESULT_NOBODY ? EXIT_NOBODY : EXIT_TEMP;
}

static int show(stralloc *out, request const *q, char const *address, steps const *s, int code)
{
	switch (q->form) {
	case FORM_JSON:
		return show_json(out, address, q->sender, code, s) && stralloc_append(out, '\n');
	case FORM_CHART:
		return show_chart(out, address, s);
	case FORM_TEXT:
		break;
	}
	return show_text(out, address, s);
}

/* What cannot be told weighs more than a bounce, and that more than a delivery. */
static int explain(request const *q, char const *address)
{
	steps s = STEPS_ZERO;
	stralloc out = STRALLOC_ZERO;
	int code;

	explain_address(&s, q, address);
	code = exit_code(steps_outcome(&s));
	if (s.failed || !show(&out, q, address, &s, code))
		strerr_dief(EXIT_TEMP, "out of memory");
	if (!io_writeall(1, out.s, out.len))
		strerr_diefusys(EXIT_TEMP, "write output");
	stralloc_free(&out);
	stralloc_free(&s.data);
	return code;
}

int main(int argc, char const *const *argv)
{
	request q = { .form = FORM_TEXT, .fallback = { .text = STRALLOC_ZERO } };
	int worst = 0;
	int i;

	if (!fds_sane(2))
		strerr_diefusys(EXIT_TEMP, "open descriptors 0 to 2");
	fds_cloexec_from(3);
	sig_restore(SIGCHLD);
	sig_ignore(SIGPIPE);
	i = arguments(argc, argv, &q);
	if (chdir(conf_home) < 0)
		strerr_diefusys(EXIT_TEMP, "switch to ", conf_home);
	inuse_find(&q.inuse);
	tables_load(&q.tables);
	if (!fallback_load(&q.fallback))
		strerr_dief(EXIT_TEMP, "out of memory");
	for (; i < argc; i++) {
		int code = explain(&q, argv[i]);

		if (code > worst)
			worst = code;
	}
	return worst;
}
