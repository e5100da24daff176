/* SPDX-License-Identifier: ISC */

#include "rcptcheck.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <skalibs/env.h>
#include <skalibs/posixplz.h>

#include "base/notes.h"
#include "program.h"

enum { CODE_NOBODY = 100, CODE_LATER = 111, CODE_UNSTARTED = 120 };

static char const nobody[] = "550 sorry, no mailbox here by that name. (#5.1.1)";
static char const later[] = "421 unable to verify recipient (#4.3.0)";
static char const unstarted[] = "421 unable to execute recipient check (#4.3.0)";

int rcptcheck_reply(stralloc *text)
{
	size_t i;

	for (i = 0; i < text->len && text->s[i] != '\n' && text->s[i] != '\r'; i++)
		if (text->s[i] < ' ' || text->s[i] > '~')
			text->s[i] = '?';
	text->len = i;
	return i >= 4 && (text->s[0] == '4' || text->s[0] == '5') && text->s[1] >= '0' && text->s[1] <= '9'
		&& text->s[2] >= '0' && text->s[2] <= '9' && text->s[3] == ' ' && stralloc_0(text);
}

static int put(stralloc *sa, char const *name, char const *value, size_t n)
{
	return stralloc_cats(sa, name) && stralloc_append(sa, '=') && stralloc_catb(sa, value, n) && stralloc_0(sa);
}

/* What the program gets beside our own environment. */
static int put_variables(stralloc *sa, recipient_case const *r)
{
	return put(sa, "SENDER", r->sender, r->sender_n) && put(sa, "RECIPIENT", r->address, r->n)
		&& put(sa, "HELO", r->helo, strlen(r->helo)) && put(sa, "USE_FD4", "1", 1);
}

static int run(char const *program, recipient_case const *r, stralloc *text)
{
	enum { VARIABLES = 4 };
	stralloc name = STRALLOC_ZERO;
	stralloc variables = STRALLOC_ZERO;
	size_t n = env_len((char const *const *)environ) + VARIABLES + 1;
	char const **envp = reallocarray(0, n, sizeof *envp);
	int code = PROGRAM_UNSTARTED;

	if (envp && stralloc_copys(&name, program) && stralloc_0(&name) && put_variables(&variables, r)
	 && env_merge(envp, n, (char const *const *)environ, n - VARIABLES - 1, variables.s, variables.len)) {
		char *argv[] = { name.s, 0 };

		code = program_ask(argv, (char *const *)envp, "", 0, text);
	}
	free(envp);
	stralloc_free(&name);
	stralloc_free(&variables);
	return code;
}

char const *rcptcheck_ask(recipient_case const *r, stralloc *text, int *unknown)
{
	char const *program = getenv("RCPTCHECK");
	int code;

	if (!program || !*program || (r->relay && !getenv("RCPTCHECKRELAYCLIENT")))
		return 0;
	code = run(program, r, text);
	switch (code) {
	case PROGRAM_UNSTARTED:
		notes_add(r->notes, program, strerror(errno), "clients are told to come again; correct RCPTCHECK");
		return unstarted;
	case CODE_UNSTARTED:
		return unstarted;
	case CODE_NOBODY:
	case CODE_LATER:
		break;
	default:
		return 0;
	}
	*unknown = code == CODE_NOBODY;
	if (rcptcheck_reply(text))
		return text->s;
	return *unknown ? nobody : later;
}
