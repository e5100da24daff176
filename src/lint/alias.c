/* SPDX-License-Identifier: ISC */

#include "alias.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/conf.h"
#include "base/io.h"
#include "mail/dotqmail.h"
#include "route/dotfile.h"
#include "route/extension.h"

typedef struct look
{
	char const *home;
	int own;                /* we are alias: what we cannot read he cannot */
} look;

static void unreadable(findings *f, look const *l, char const *path)
{
	if (l->own && errno == EACCES)
		findings_add(f, FINDING_ERROR, path, 0, conf_username(CONF_ALIAS), " cannot read it, so mail waits",
			findings_cure, "chown ", conf_username(CONF_ALIAS), " ", path, (char *)0);
	else
		findings_unreadable(f, path);
}

/* ---- one file */

/* 0: it cannot be read. What qmail-local would not take is not read to its end either. */
static int read_text(stralloc *text, int fd)
{
	char buf[8192];
	ssize_t r;

	while ((r = io_read(fd, buf, sizeof buf, 0)) > 0)
		if (!stralloc_catb(text, buf, (size_t)r) || text->len > DOTQMAIL_FILE_MAX)
			return errno = EFBIG, 0;
	return r == 0;
}

static void check_text(findings *f, look const *l, char const *path, int fd)
{
	stralloc text = STRALLOC_ZERO;
	dotqmail_run run = { .line = 0, .forward_only = 0 };
	size_t at = 0;
	dotqmail d;

	if (!read_text(&text, fd)) {
		unreadable(f, l, path);
		text.len = 0;
	}
	while (at < text.len) {
		dotqmail_verdict v;

		at += dotqmail_next(&d, text.s + at, text.len - at);
		v = dotqmail_judge(&run, &d);
		if (v == DOTQMAIL_PASS || v == DOTQMAIL_OBEY)
			continue;
		findings_add(f, FINDING_ERROR, path, run.line, v == DOTQMAIL_MISTAKE ? d.arg : dotqmail_complaint(v),
			findings_cure,
			"mend the line; until then mail waits", (char *)0);
		break;
	}
	stralloc_free(&text);
}

static void check_name(findings *f, char const *path, char const *name)
{
	stralloc safe = STRALLOC_ZERO;
	char const *ext = name + strlen(".qmail");

	if (!extension_safe(&safe, ext, strlen(ext)) || !stralloc_0(&safe))
		f->failed = 1;
	else if (strcmp(safe.s, ext) != 0)
		findings_add(f, FINDING_ERROR, path, 0, "a name with upper case or a dot, which can never match",
			findings_cure,
			"call it .qmail", safe.s, (char *)0);
	stralloc_free(&safe);
}

/* As qmail-local opens it; other things than files it passes over. */
static void check_file(findings *f, look const *l, char const *name)
{
	stralloc path = STRALLOC_ZERO;
	struct stat st;
	int fd = open(name, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	if (!stralloc_cats(&path, l->home) || !stralloc_cats(&path, "/") || !stralloc_cats(&path, name)
	 || !stralloc_0(&path)) {
		f->failed = 1;
	} else if (fd < 0) {
		if (errno != ENOENT)
			unreadable(f, l, path.s);
	} else if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
		check_name(f, path.s, name);
		if (dotfile_judge(0, st.st_mode) == DOTFILE_WRITABLE)
			findings_add(f, FINDING_ERROR, path.s, 0, "others can write to it, so mail waits",
				findings_cure, "chmod go-w ", path.s, (char *)0);
		check_text(f, l, path.s, fd);
	}
	if (fd >= 0)
		close(fd);
	stralloc_free(&path);
}

/* ---- the home, as alias */

static int is_dotqmail(struct dirent const *d)
{
	return strncmp(d->d_name, ".qmail", strlen(".qmail")) == 0;
}

static void look_around(findings *f, void *data)
{
	look const *l = data;
	char const *home = l->home;
	struct dirent **found;
	int n = chdir(home) < 0 ? -1 : scandir(".", &found, is_dotqmail, alphasort);
	int i;

	if (n < 0 && errno == ENOENT)
		findings_add(f, FINDING_ERROR, home, 0, "the home of ", conf_username(CONF_ALIAS),
			" does not exist, so mail for unknown users "
			"waits", findings_cure, "make setup, or usermod -d ", conf_home, "/alias ",
			conf_username(CONF_ALIAS), (char *)0);
	else if (n < 0)
		unreadable(f, l, home);
	for (i = 0; i < n; i++) {
		check_file(f, l, found[i]->d_name);
		free(found[i]);
	}
	if (n >= 0)
		free(found);
}

void alias_check(findings *f)
{
	struct passwd const *pw = getpwnam(conf_username(CONF_ALIAS));
	stralloc home = STRALLOC_ZERO;
	look l;

	if (!pw)
		findings_add(f, FINDING_ERROR, "/etc/passwd", 0, "there is no account ", conf_username(CONF_ALIAS),
			", so mail for unknown users waits", findings_cure, "make setup tells how to create it",
			(char *)0);
	else if (!stralloc_copys(&home, pw->pw_dir) || !stralloc_0(&home))
		f->failed = 1;
	if (pw && !f->failed) {
		l = (look){ .home = home.s, .own = geteuid() == 0 || geteuid() == pw->pw_uid };
		findings_as(f, pw->pw_uid, pw->pw_gid, home.s, look_around, &l);
	}
	stralloc_free(&home);
}
