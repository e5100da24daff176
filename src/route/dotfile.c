/* SPDX-License-Identifier: ISC */

#include "route/dotfile.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/conf.h"
#include "route/extension.h"

char const dotfile_writable[] = "Uh-oh: .qmail file is writable. (#4.7.0)";

dotfile_home_verdict dotfile_home(mode_t mode)
{
	if (mode & conf_patrn)
		return DOTFILE_HOME_WRITABLE;
	return mode & S_ISVTX ? DOTFILE_HOME_STICKY : DOTFILE_HOME_OK;
}

char const *dotfile_home_complaint(dotfile_home_verdict v)
{
	switch (v) {
	case DOTFILE_HOME_WRITABLE:
		return "Uh-oh: home directory is writable. (#4.7.0)";
	case DOTFILE_HOME_STICKY:
		return "Home directory is sticky: user is editing his .qmail file. (#4.2.1)";
	case DOTFILE_HOME_OK:
		break;
	}
	return "";
}

/* Errors that say that there is no such file. Any other may be over tomorrow, and a bounce would not. */
static int is_absence(int e)
{
	return e == ENOENT || e == ENOTDIR || e == ELOOP || e == ENAMETOOLONG || e == ENXIO || e == ENODEV;
}

dotfile_verdict dotfile_judge(int error, mode_t mode)
{
	if (error)
		return is_absence(error) ? DOTFILE_ABSENT : DOTFILE_UNKNOWN;
	if (!S_ISREG(mode))
		return DOTFILE_ABSENT;
	return mode & conf_patrn ? DOTFILE_WRITABLE : DOTFILE_USABLE;
}

int dotfile_forward_only(mode_t mode)
{
	return (mode & S_IXUSR) != 0;
}

int dotfile_find(dotfile_found *f, delivery const *d, dotfile_look *look, void *data)
{
	extension_search x;
	size_t offset;

	f->verdict = DOTFILE_ABSENT;
	f->default_part = 0;
	extension_start(&x, d->dash, strlen(d->dash), d->safe.s, d->safe.len);
	while (f->verdict == DOTFILE_ABSENT && extension_next(&x)) {
		if (!extension_file(&x, &f->file))
			return 0;
		f->mode = 0;
		f->error = look(data, f->file.s, &f->mode);
		f->verdict = dotfile_judge(f->error, f->mode);
	}
	if (f->verdict == DOTFILE_USABLE && extension_default(&x, &offset))
		f->default_part = d->ext + offset;
	return 1;
}

dotfile_sender dotfile_newsender(delivery *d, dotfile_look *look, void *data, stralloc *file, int *error)
{
	int wildcard;

	if (!stralloc_copys(&d->newsender, d->sender) || !stralloc_0(&d->newsender))
		return DOTFILE_SENDER_NOMEM;
	d->newsender.len--;
	for (wildcard = 0; wildcard <= 1 && !extension_keeps_sender(d->sender); wildcard++) {
		mode_t mode;

		if (!extension_owner(file, d->dash, d->safe.s, d->safe.len, wildcard))
			return DOTFILE_SENDER_NOMEM;
		*error = look(data, file->s, &mode);
		/* A directory we may not search holds no owner file for us. */
		if (is_absence(*error) || *error == EACCES || *error == EPERM)
			break;
		if (*error)
			return DOTFILE_SENDER_UNKNOWN;
		if (!extension_newsender(&d->newsender, d->local, d->host, wildcard))
			return DOTFILE_SENDER_NOMEM;
	}
	return DOTFILE_SENDER_SET;
}
