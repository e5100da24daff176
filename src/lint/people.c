/* SPDX-License-Identifier: ISC */

#include "people.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <skalibs/djbunix.h>

#include "base/conf.h"
#include "base/text.h"
#include "mail/dotqmail.h"
#include "mailbox.h"
#include "route/account.h"
#include "route/dotfile.h"
#include "route/extension.h"

/* ---- accounts */

/* qmail-getpw is asked for nobody where users/assign has a line for every address. */
static int by_assign_alone(void)
{
	stralloc text = STRALLOC_ZERO;
	int found = openslurpclose(&text, "users/assign") && text.len
		&& (strncmp(text.s, "+:", text.len < 2 ? text.len : 2) == 0 || memmem(text.s, text.len, "\n+:", 3));

	stralloc_free(&text);
	return found;
}

static void check_account(findings *f, struct passwd const *pw)
{
	struct stat st;

	if (stat(pw->pw_dir, &st) < 0 || account_judge(pw->pw_uid, 0, st.st_uid) != ACCOUNT_GETS)
		return;
	if (dotfile_home(st.st_mode) == DOTFILE_HOME_WRITABLE)
		findings_add(f, FINDING_ERROR, pw->pw_dir, 0, "the home of ", pw->pw_name, " can be written to by others, so mail waits",
			findings_cure, "chmod go-w ", pw->pw_dir, (char *)0);
	else if (dotfile_home(st.st_mode) == DOTFILE_HOME_STICKY)
		findings_add(f, FINDING_WARNING, pw->pw_dir, 0, "the home of ", pw->pw_name, " is sticky, so mail waits", findings_cure,
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

/* ---- alias */

static void check_alias_text(findings *f, char const *path, int fd)
{
	stralloc text = STRALLOC_ZERO;
	dotqmail_run run = { .line = 0, .forward_only = 0 };
	size_t at = 0;
	dotqmail d;

	if (!slurp(&text, fd))
		findings_unreadable(f, path);
	while (at < text.len) {
		dotqmail_verdict v;

		at += dotqmail_next(&d, text.s + at, text.len - at);
		v = dotqmail_judge(&run, &d);
		if (v == DOTQMAIL_PASS || v == DOTQMAIL_OBEY)
			continue;
		findings_add(f, FINDING_ERROR, path, run.line, v == DOTQMAIL_MISTAKE ? d.arg : dotqmail_complaint(v), findings_cure,
			"mend the line; until then mail waits", (char *)0);
		break;
	}
	stralloc_free(&text);
}

static void check_alias_name(findings *f, char const *path, char const *name)
{
	stralloc safe = STRALLOC_ZERO;
	char const *ext = name + strlen(".qmail");

	if (!extension_safe(&safe, ext, strlen(ext)) || !stralloc_0(&safe))
		f->failed = 1;
	else if (strcmp(safe.s, ext) != 0)
		findings_add(f, FINDING_ERROR, path, 0, "a name with upper case or a dot, which can never match", findings_cure, "call it .qmail",
			safe.s, (char *)0);
	stralloc_free(&safe);
}

static void check_alias_file(findings *f, char const *home, char const *name)
{
	stralloc path = STRALLOC_ZERO;
	struct stat st;
	int fd = -1;

	if (!stralloc_cats(&path, home) || !stralloc_cats(&path, "/") || !stralloc_cats(&path, name) || !stralloc_0(&path))
		f->failed = 1;
	else
		fd = open(path.s, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
		check_alias_name(f, path.s, name);
		if (dotfile_judge(0, st.st_mode) == DOTFILE_WRITABLE)
			findings_add(f, FINDING_ERROR, path.s, 0, "others can write to it, so mail waits", findings_cure, "chmod go-w ", path.s,
				(char *)0);
		check_alias_text(f, path.s, fd);
	}
	if (fd >= 0)
		close(fd);
	stralloc_free(&path);
}

static void check_alias(findings *f)
{
	struct passwd const *pw = getpwnam(conf_username(CONF_ALIAS));
	DIR *dir = pw ? opendir(pw->pw_dir) : 0;
	struct dirent *d;

	if (!pw)
		findings_add(f, FINDING_ERROR, "/etc/passwd", 0, "there is no account ", conf_username(CONF_ALIAS), ", so mail for unknown users "
			"waits", findings_cure, "make setup tells how to create it", (char *)0);
	else if (!dir && errno == ENOENT)
		findings_add(f, FINDING_ERROR, pw->pw_dir, 0, "the home of ", pw->pw_name, " does not exist, so mail for unknown users waits",
			findings_cure, "make setup, or usermod -d ", conf_home, "/alias ", pw->pw_name, (char *)0);
	while (dir && (d = readdir(dir)))
		if (strncmp(d->d_name, ".qmail", strlen(".qmail")) == 0)
			check_alias_file(f, pw->pw_dir, d->d_name);
	if (dir)
		closedir(dir);
}

/* ---- who must be somebody */

static void check_postmaster(setup const *s, findings *f)
{
	char const *host = s->tables.locals.entries.s;
	stralloc address = STRALLOC_ZERO;
	stralloc home = STRALLOC_ZERO;

	if (s->tables.locals.n && stralloc_cats(&address, "postmaster@") && stralloc_cats(&address, host) && stralloc_0(&address)
	 && mailbox_of(s, address.s, &home) == ADDRESS_BOUNCES)
		findings_add(f, FINDING_ERROR, "alias/.qmail-postmaster", 0, "there is no postmaster, who gets what goes wrong", findings_cure,
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
	if (own && control_readdefault(&address, "control/doublebounceto", 0, "postmaster") == CONTROL_READ && address.len
	 && control_readdefault(&host, "control/doublebouncehost", 1, "doublebouncehost") == CONTROL_READ
	 && stralloc_append(&address, '@') && stralloc_catb(&address, host.s, host.len) && stralloc_0(&address)
	 && mailbox_of(s, address.s, &home) == ADDRESS_BOUNCES)
		findings_add(f, FINDING_ERROR, "control/doublebounceto", 1, "double bounces go to ", address.s, ", which is nobody", findings_cure,
			"write an address of yours, or make the mailbox", (char *)0);
	stralloc_free(&address);
	stralloc_free(&host);
	stralloc_free(&home);
}

void people_check(setup const *s, findings *f)
{
	if (!by_assign_alone())
		check_accounts(f);
	check_alias(f);
	if (!s->usable)
		return;
	check_postmaster(s, f);
	check_double_bounces(s, f);
}
