/* SPDX-License-Identifier: ISC */

#include "people.h"

#include <pwd.h>
#include <string.h>
#include <sys/stat.h>

#include "alias.h"
#include "mailbox.h"
#include "route/account.h"
#include "route/dotfile.h"

/* ---- accounts */

/* qmail-getpw is asked for nobody where users/assign has a line for every address. */
static int by_assign_alone(setup const *s)
{
	stralloc const *text = &s->assign;

	return text->len >= 2 && (memcmp(text->s, "+:", 2) == 0 || memmem(text->s, text->len, "\n+:", 3));
}

static void check_account(findings *f, struct passwd const *pw)
{
	struct stat st;

	if (stat(pw->pw_dir, &st) < 0 || account_judge(pw->pw_uid, 0, st.st_uid) != ACCOUNT_GETS)
		return;
	if (dotfile_home(st.st_mode) == DOTFILE_HOME_WRITABLE)
		findings_add(f, FINDING_ERROR, pw->pw_dir, 0, "the home of ", pw->pw_name,
			" can be written to by others, so mail waits", findings_cure, "chmod go-w ", pw->pw_dir,
			(char *)0);
	else if (dotfile_home(st.st_mode) == DOTFILE_HOME_STICKY)
		findings_add(f, FINDING_WARNING, pw->pw_dir, 0, "the home of ", pw->pw_name,
			" is sticky, so mail waits", findings_cure,
			"chmod -t ", pw->pw_dir, " when work on it is done", (char *)0);
}

static void check_accounts(findings *f)
{
	struct passwd const *pw;

	setpwent();
	while ((pw = getpwent()))
		check_account(f, pw);
	endpwent();
}

/* ---- who must be somebody */

static void check_postmaster(setup const *s, findings *f)
{
	char const *host = s->tables.locals.entries.s;
	stralloc address = STRALLOC_ZERO;
	stralloc home = STRALLOC_ZERO;

	if (s->tables.locals.n && stralloc_cats(&address, "postmaster@") && stralloc_cats(&address, host)
	 && stralloc_0(&address)
	 && mailbox_of(s, address.s, &home) == ADDRESS_BOUNCES)
		findings_add(f, FINDING_ERROR, "alias/.qmail-postmaster", 0,
			"there is no postmaster, who gets what goes wrong", findings_cure,
			"echo '&you' > ", home.s, "/.qmail-postmaster", (char *)0);
	stralloc_free(&address);
	stralloc_free(&home);
}

static void check_double_bounces(setup const *s, findings *f)
{
	stralloc address = STRALLOC_ZERO;
	stralloc host = STRALLOC_ZERO;
	stralloc home = STRALLOC_ZERO;
	int own = control_readline(&address, "control/doublebounceto") == CONTROL_READ;

	own |= control_readline(&host, "control/doublebouncehost") == CONTROL_READ;
	if (own && control_readdefault(&address, "control/doublebounceto", 0, "postmaster") == CONTROL_READ
	 && address.len
	 && control_readdefault(&host, "control/doublebouncehost", 1, "doublebouncehost") == CONTROL_READ
	 && stralloc_append(&address, '@') && stralloc_catb(&address, host.s, host.len) && stralloc_0(&address)
	 && mailbox_of(s, address.s, &home) == ADDRESS_BOUNCES)
		findings_add(f, FINDING_ERROR, "control/doublebounceto", 1, "double bounces go to ", address.s,
			", which is nobody", findings_cure,
			"write an address of yours, or make the mailbox", (char *)0);
	stralloc_free(&address);
	stralloc_free(&host);
	stralloc_free(&home);
}

void people_check(setup const *s, findings *f)
{
	if (!by_assign_alone(s))
		check_accounts(f);
	alias_check(f);
	if (!s->usable)
		return;
	check_postmaster(s, f);
	check_double_bounces(s, f);
}
