/* SPDX-License-Identifier: ISC */

#include "owner.h"

#include <errno.h>
#include <pwd.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <skalibs/types.h>

#include "recipient/asuser.h"
#include "recipient/prefix.h"
#include "route/dotfile.h"

/* How long a look may take, while others of us wait. */
enum { SECONDS = 5 };

/* Texts up to a null pointer: 0, or -1 without memory. */
static int refuse(stralloc *why, ...)
{
	va_list ap;
	char const *s;
	int ok = 1;

	why->len = 0;
	va_start(ap, why);
	while (ok && (s = va_arg(ap, char const *)))
		ok = stralloc_cats(why, s);
	va_end(ap);
	return ok && stralloc_0(why) ? 0 : -1;
}

/* ---- a look at what may be on a server that is gone, as the account whose it is */

typedef struct look
{
	int error;              /* of stat(2); 0: none */
	struct stat st;
} look;

/* An asuser_work; of the path that data points to. */
static int look_work(stralloc *out, void *data)
{
	char const *const *path = data;
	look l = { .error = 0 };

	if (stat(*path, &l.st) < 0)
		l.error = errno;
	return stralloc_catb(out, (char const *)&l, sizeof l);
}

/* 0, or the errno of stat(2); -1 with errno if there is no answer. */
static int look_at(struct stat *st, char const *path, uid_t uid, gid_t gid)
{
	stralloc found = STRALLOC_ZERO;
	look l = { .error = -1 };
	int e = EPROTO;

	if (!asuser_run(&found, uid, gid, SECONDS, look_work, &path))
		e = errno;
	else if (found.len == sizeof l)
		memcpy(&l, found.s, sizeof l);
	stralloc_free(&found);
	*st = l.st;
	errno = e;
	return l.error;
}

static int judge_directory(char const *directory, struct passwd const *pw, stralloc *why)
{
	struct stat st;
	int error;

	if (directory[0] != '/')
		return refuse(why, "the directory must start with a slash: ", directory, (char *)0);
	if (strpbrk(directory, ":\n"))
		return refuse(why, "users/assign cannot hold a directory with a colon or a newline in its name",
			(char *)0);
	error = look_at(&st, directory, pw->pw_uid, pw->pw_gid);
	if (error < 0)
		return -1;
	if (error == ENOENT)
		return refuse(why, directory, " does not exist; make it first: install -d -o ", pw->pw_name, " ", directory,
			(char *)0);
	if (error == EACCES)
		return refuse(why, pw->pw_name, " cannot get to ", directory, ", so mail would wait: see the modes of the "
			"directories that it is in", (char *)0);
	if (error)
		return refuse(why, directory, ": ", strerror(error), (char *)0);
	if (!S_ISDIR(st.st_mode))
		return refuse(why, directory, " is not a directory", (char *)0);
	if (dotfile_home(st.st_mode) == DOTFILE_HOME_WRITABLE)
		return refuse(why, directory, " can be written to by others, so mail would wait: chmod go-w ", directory,
			(char *)0);
	if (st.st_uid != pw->pw_uid)
		return refuse(why, directory, " does not belong to ", pw->pw_name, ": chown ", pw->pw_name, " ", directory,
			(char *)0);
	return 1;
}

static int set_line(owner *o, char const *prefix, struct passwd const *pw)
{
	char const *const start[] = { "+", prefix, "-:", pw->pw_name, ":" };
	char uid[UINT_FMT];
	char gid[UINT_FMT];
	size_t i;

	uid[uint_fmt(uid, pw->pw_uid)] = 0;
	gid[uint_fmt(gid, pw->pw_gid)] = 0;
	o->line.len = 0;
	for (i = 0; i < sizeof start / sizeof *start; i++)
		if (!stralloc_cats(&o->line, start[i]))
			return 0;
	return stralloc_cats(&o->line, uid) && stralloc_cats(&o->line, ":") && stralloc_cats(&o->line, gid)
		&& stralloc_cats(&o->line, ":") && stralloc_cats(&o->line, o->directory.s)
		&& stralloc_cats(&o->line, ":-::") && stralloc_0(&o->line);
}

int owner_account(owner *o, char const *prefix, char const *account, char const *directory)
{
	struct passwd const *pw;
	int r;

	errno = 0;
	pw = getpwnam(account);
	if (!pw && errno && errno != ENOENT)
		return -1;
	if (!pw)
		return refuse(&o->why, "there is no account ", account, (char *)0);
	if (pw->pw_uid == 0)
		return refuse(&o->why, account, " has uid 0, which gets no mail", (char *)0);
	if (!directory)
		directory = pw->pw_dir;
	r = judge_directory(directory, pw, &o->why);
	if (r != 1)
		return r;
	o->uid = pw->pw_uid;
	o->gid = pw->pw_gid;
	return stralloc_copys(&o->directory, directory) && stralloc_0(&o->directory) && set_line(o, prefix, pw)
		? 1 : -1;
}

int owner_forgotten(owner *o)
{
	static char const *const files[] = { "/.qmail-postmaster", "/.qmail-default" };
	stralloc path = STRALLOC_ZERO;
	struct stat st;
	int there = 0;
	size_t i;

	for (i = 0; i < sizeof files / sizeof *files; i++)
		there |= !stralloc_copys(&path, o->directory.s) || !stralloc_cats(&path, files[i]) || !stralloc_0(&path)
			|| look_at(&st, path.s, o->uid, o->gid) != ENOENT;
	stralloc_free(&path);
	return !there && refuse(&o->why, o->directory.s, " has neither .qmail-postmaster nor .qmail-default: mail to "
		"postmaster bounces", (char *)0) == 0;
}

int owner_prefix(owner *o, char const *prefix)
{
	if (!*prefix || strpbrk(prefix, " \t\r\n:@/"))
		return refuse(&o->why, "not a prefix: ", prefix, (char *)0);
	switch (prefix_judge(prefix)) {
	case PREFIX_SOMEBODY:
		return 1;
	case PREFIX_NOBODY:
		return refuse(&o->why, "nobody gets mail for ", prefix, "-...: there is neither an account nor a line of "
			"users/assign for it, nor a file of alias's; name an account instead: qmail-domain add domain account",
			(char *)0);
	case PREFIX_UNKNOWN:
		break;
	}
	return -1;
}
