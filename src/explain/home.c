/* SPDX-License-Identifier: ISC */

#include "home.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <skalibs/djbunix.h>

#include "become.h"
#include "instructions.h"
#include "route/delivery.h"
#include "route/dotfile.h"
#include "route/environment.h"

enum { SECONDS = 60 };

/* What a home or a file in it says of itself, at the end of a step that is open. */
static void tell_mode(steps *s, struct stat const *st)
{
	steps_text(s, "mode ");
	steps_mode(s, st->st_mode & 07777);
	steps_text(s, ", owner ");
	steps_number(s, st->st_uid);
	steps_end(s);
}

static void refuse(steps *s, steps_stage stage, char const *file, char const *why)
{
	steps_add(s, stage, STEP_REFUSED, file, 0, why, (char *)0);
	steps_conclude(s, RESULT_WAITS, why);
}

/* Something cannot be looked at: for us, or for the delivery as well. */
static void shut(steps *s, home_case const *c, steps_stage stage, char const *file, char const *what, int error)
{
	steps_add(s, stage, c->own ? STEP_REFUSED : STEP_UNKNOWN, file, 0, what, strerror(error), (char *)0);
	if (c->own)
		steps_conclude(s, RESULT_WAITS, strerror(error));
	else
		steps_conclude(s, RESULT_UNKNOWN, "only root or the user can see the home");
}

static void path_of(stralloc *path, home_case const *c, char const *file)
{
	if (!stralloc_copys(path, c->user->home) || !stralloc_cats(path, "/") || !stralloc_cats(path, file) || !stralloc_0(path))
		_exit(111);
}

/* ---- the home */

static int enter(steps *s, home_case const *c)
{
	char const *const home = c->user->home;
	dotfile_home_verdict v;
	struct stat st;

	if (chdir(home) < 0 || stat(".", &st) < 0)
		return shut(s, c, STAGE_HOME, home, "cannot be entered: ", errno), 0;
	v = dotfile_home(st.st_mode);
	steps_begin(s, STAGE_HOME, v == DOTFILE_HOME_OK ? STEP_TAKEN : STEP_NOTE, home, 0);
	tell_mode(s, &st);
	if (st.st_uid != c->user->uid) {
		steps_begin(s, STAGE_HOME, STEP_WARNING, home, 0);
		steps_text(s, "is not the user's own");
		steps_end(s);
	}
	if (v != DOTFILE_HOME_OK)
		return refuse(s, STAGE_HOME, home, dotfile_home_complaint(v)), 0;
	return 1;
}

/* ---- the .qmail file */

typedef struct looking
{
	steps *s;
	home_case const *c;
	stralloc path;          /* of the name looked at last */
	stralloc found;         /* of the file that counts */
	int fd;                 /* of the file opened last, or -1 */
	struct stat st;
} looking;

static char const *kind(mode_t mode)
{
	return S_ISDIR(mode) ? "a directory, passed over" : "not a regular file, passed over";
}

/* The dotfile_look that opens, as qmail-local does, and tells of it. */
static int look(void *data, char const *file, mode_t *mode)
{
	looking *l = data;
	int error = 0;

	if (l->fd >= 0)
		fd_close(l->fd);
	path_of(&l->path, l->c, file);
	l->fd = open(file, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (l->fd < 0 || fstat(l->fd, &l->st) < 0)
		error = errno;
	else
		*mode = l->st.st_mode;
	if (dotfile_judge(error, *mode) == DOTFILE_ABSENT)
		steps_add(l->s, STAGE_DOTQMAIL, STEP_PASSED, l->path.s, 0,
			error == ENOENT ? "not there" : error ? strerror(error) : kind(*mode), (char *)0);
	return error;
}

static void tell_file(looking *l, dotfile_found const *f)
{
	steps *s = l->s;

	steps_begin(s, STAGE_DOTQMAIL, f->verdict == DOTFILE_USABLE ? STEP_TAKEN : STEP_NOTE, l->path.s, 0);
	tell_mode(s, &l->st);
	if (l->st.st_uid != l->c->user->uid && l->st.st_uid != 0) {
		steps_begin(s, STAGE_DOTQMAIL, STEP_WARNING, l->path.s, 0);
		steps_text(s, "its owner, uid ");
		steps_number(s, l->st.st_uid);
		steps_text(s, ", decides what is done as uid ");
		steps_number(s, l->c->user->uid);
		steps_end(s);
	}
	if (dotfile_forward_only(f->mode))
		steps_add(s, STAGE_DOTQMAIL, STEP_NOTE, l->path.s, 0, "x bit: addresses only", (char *)0);
}

/* The text of the file that counts, or of the default instructions. 1, or 0 with the result. */
static int find_text(looking *l, delivery const *d, dotfile_found *f, instructions_source *i)
{
	if (!dotfile_find(f, d, look, l))
		return l->s->failed = 1, 0;
	if (f->verdict == DOTFILE_UNKNOWN)
		return shut(l->s, l->c, STAGE_DOTQMAIL, l->path.s, "cannot be opened: ", f->error), 0;
	if (f->verdict != DOTFILE_ABSENT)
		tell_file(l, f);
	if (f->verdict == DOTFILE_WRITABLE)
		return refuse(l->s, STAGE_DOTQMAIL, l->path.s, dotfile_writable), 0;
	if (f->verdict == DOTFILE_ABSENT && *d->dash) {
		steps_conclude(l->s, RESULT_NOBODY, "Sorry, no mailbox here by that name. (#5.1.1)");
		return 0;
	}
	/* The names that are looked at next go into the same buffer. */
	path_of(&l->found, l->c, f->file.s);
	i->file = l->found.s;
	i->forward_only = dotfile_forward_only(f->mode);
	if (f->verdict == DOTFILE_USABLE) {
		steps_fact(l->s, "file", l->path.s, strlen(l->path.s));
		if (!instructions_read(i, l->fd))
			return shut(l->s, l->c, STAGE_DOTQMAIL, l->path.s, "cannot be read: ", errno), 0;
	}
	if (i->text.len == 0)
		instructions_default(l->s, i, l->c->fallback, l->c->fallback_file, f->verdict == DOTFILE_USABLE);
	return 1;
}

/* ---- the environment */

/* The dotfile_look that looks whether a name is there. */
static int look_at(void *data, char const *file, mode_t *mode)
{
	looking *l = data;
	struct stat st;

	path_of(&l->path, l->c, file);
	if (stat(file, &st) < 0)
		return errno;
	*mode = st.st_mode;
	steps_add(l->s, STAGE_SENDER, STEP_TAKEN, l->path.s, 0, "is there: forwards get the sender below", (char *)0);
	return 0;
}

static int tell_sender(looking *l, delivery *d)
{
	stralloc file = STRALLOC_ZERO;
	int error = 0;
	dotfile_sender r = dotfile_newsender(d, look_at, l, &file, &error);

	stralloc_free(&file);
	if (r == DOTFILE_SENDER_NOMEM)
		return l->s->failed = 1, 0;
	if (r == DOTFILE_SENDER_UNKNOWN)
		return shut(l->s, l->c, STAGE_SENDER, l->path.s, "cannot be looked for: ", error), 0;
	if (strcmp(d->newsender.s, d->sender) != 0)
		steps_add(l->s, STAGE_SENDER, STEP_NOTE, 0, 0, d->newsender.s, (char *)0);
	return 1;
}

static void tell_environment(steps *s, delivery const *d, char const *default_part)
{
	stralloc vars = STRALLOC_ZERO;
	size_t i;

	if (!environment_make(&vars, d, default_part))
		s->failed = 1;
	for (i = 0; i < vars.len && !s->failed; i += strlen(vars.s + i) + 1)
		steps_variable(s, vars.s + i);
	stralloc_free(&vars);
}

/* ---- all of it, as the user */

static void look_around(steps *s, void *data)
{
	home_case const *c = data;
	instructions_source i = INSTRUCTIONS_SOURCE_ZERO;
	looking l = { .s = s, .c = c, .path = STRALLOC_ZERO, .found = STRALLOC_ZERO, .fd = -1 };
	dotfile_found f = DOTFILE_FOUND_ZERO;
	delivery d = DELIVERY_ZERO;

	i.own = c->own;
	d.user = c->user->user;
	d.home = c->user->home;
	d.local = c->local;
	d.dash = c->user->dash;
	d.ext = c->user->ext;
	d.host = c->host;
	d.sender = c->sender;
	if (!enter(s, c))
		return;
	if (!delivery_lines(&d, time(0))) {
		s->failed = 1;
		return;
	}
	if (!find_text(&l, &d, &f, &i))
		return;
	if (!tell_sender(&l, &d))
		return;
	tell_environment(s, &d, f.default_part);
	instructions_explain(s, &i);
}

void home_explain(steps *s, home_case const *c)
{
	home_case copy = *c;

	copy.own = geteuid() == 0 || geteuid() == c->user->uid;
	if (become_run(s, c->user->uid, c->user->gid, SECONDS, look_around, &copy))
		return;
	steps_add(s, STAGE_HOME, STEP_UNKNOWN, c->user->home, 0, "could not be looked at as the user: ", strerror(errno),
		(char *)0);
	steps_conclude(s, RESULT_UNKNOWN, "the home could not be looked at");
}
