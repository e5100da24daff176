/* SPDX-License-Identifier: ISC */

/* qmail-newcdb: makes locals.cdb, virtualdomains.cdb and rcpthosts.cdb of the texts beside them. */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <skalibs/strerr.h>

#include "base/conf.h"
#include "base/control.h"
#include "base/fds.h"
#include "base/notes.h"
#include "base/samefile.h"
#include "base/scratch.h"
#include "base/setting.h"
#include "base/sync.h"
#include "proto/compiled.h"

char const *PROG = "qmail-newcdb";

enum { EXIT_USAGE = 100, EXIT_TEMP = 111 };

/* A clock's tick, and a good deal more: who writes a file twice in that time may leave it with one time. */
enum { TICK_NANOSECONDS = 50000000 };

typedef struct compilable
{
	char const *name;
	char const *text;
	char const *scratch;
	char sep;
} compilable;

static compilable const files[] = {
	{ "locals", "control/locals", "control/locals.cdb.tmp", 0 },
	{ "rcpthosts", "control/rcpthosts", "control/rcpthosts.cdb.tmp", 0 },
	{ "virtualdomains", "control/virtualdomains", "control/virtualdomains.cdb.tmp", ':' },
};
enum { FILES = sizeof files / sizeof files[0] };

/* Always 0; errno is the cause. */
static int fail(compilable const *f, char const *what, char const *file)
{
	int e = errno;

	unlink(f->scratch);
	strerr_warnw(compiled_name(f->text), " is as it was; when the cause below is mended, run ", PROG, " again");
	errno = e;
	strerr_warnwusys(what, file);
	return 0;
}

static void tell_mistakes(compilable const *f, control_list const *l)
{
	stralloc notes = STRALLOC_ZERO;
	constmap_place p = CONSTMAP_PLACE_ZERO;

	if (!f->sep) {
		setting_useless(&notes, l, f->text, "@ \t\r", "no host is called that",
			"write the domain alone, without @, blanks and CR");
	} else if (constmap_misfit(l, f->sep, &p)) {
		char where[128];

		snprintf(where, sizeof where, "%s: line %zu", f->text, control_line(l, p.index));
		notes_add(&notes, where, "no colon", "it counts for nothing; write domain:prepend");
	}
	notes_tell(&notes);
	stralloc_free(&notes);
}

static int stat_text(compilable const *f, struct stat *st)
{
	return stat(f->text, st) == 0;
}

/* Until a change of the text would have another time than the text that we read has. */
static void let_pass(struct timespec const *changed)
{
	struct timespec const pause = { .tv_sec = 0, .tv_nsec = TICK_NANOSECONDS };
	struct timespec now;

	if (clock_gettime(CLOCK_REALTIME, &now) == 0 && now.tv_sec - changed->tv_sec <= 1 && now.tv_sec >= changed->tv_sec)
		(void)nanosleep(&pause, 0);
}

/* The text, and how it was while it was read. Whoever rewrites it meanwhile comes first. */
static int load(compilable const *f, control_list *l, struct stat *st)
{
	struct stat after;

	do {
		if (!stat_text(f, st))
			return 0;
		let_pass(&st->st_ctim);
		/* (a text that is gone again has left its errno) */
		if (control_readlist(l, f->text, 0) == CONTROL_ERROR || !stat_text(f, &after))
			return 0;
	} while (!samefile_unchanged(st, &after));
	tell_mistakes(f, l);
	return 1;
}

/* Newer than the text it was made of, for whoever looks at no more than that, by as little as there is. */
static int set_time(int fd, struct stat const *text)
{
	struct timespec times[2] = { text->st_mtim, text->st_mtim };

	if (++times[1].tv_nsec == 1000000000) {
		times[1].tv_nsec = 0;
		times[1].tv_sec++;
	}
	times[0] = times[1];
	return futimens(fd, times) == 0;
}

/* 1 when the new file is in place and will stay there. */
static int put_in_place(compilable const *f, int fd)
{
	control_list l = CONTROL_LIST_ZERO;
	struct stat text;
	int ok;

	if (!load(f, &l, &text))
		return fail(f, "read ", f->text);
	ok = compiled_write(fd, &l, f->sep, &text) && set_time(fd, &text) && sync_file(fd);
	control_list_free(&l);
	if (!ok)
		return fail(f, "write ", f->scratch);
	if (rename(f->scratch, compiled_name(f->text)) < 0)
		return fail(f, "replace ", compiled_name(f->text));
	if (!sync_dir("control"))
		return strerr_warnwusys("make the new name durable: ", compiled_name(f->text)), 0;
	return 1;
}

static int compile(compilable const *f)
{
	int fd = scratch_open(f->scratch);
	int ok;

	if (fd < 0)
		return strerr_warnwusys("write ", f->scratch), 0;
	ok = put_in_place(f, fd);
	close(fd);
	return ok;
}

static int wanted[FILES];

static int want(char const *name)
{
	size_t i;

	for (i = 0; i < FILES; i++)
		if (strcmp(name, files[i].name) == 0)
			return wanted[i] = 1;
	return 0;
}

static int compile_wanted(void)
{
	int ok = 1;
	size_t i;

	for (i = 0; i < FILES; i++)
		if (wanted[i])
			ok &= compile(files + i);
	return ok;
}

/* A list that is its cdb alone is nobody's mistake; only there is nothing to make it of. */
static int has_text(compilable const *f)
{
	if (access(f->text, F_OK) == 0 || errno != ENOENT)
		return 1;
	strerr_warnw(compiled_name(f->text), " has no ", f->text, " that it could be made of: it counts as it is; write ",
		f->text, ", or remove ", compiled_name(f->text));
	return 0;
}

/* Those that are there already, and can be made. */
static int compile_again(void)
{
	int ok = 1;
	size_t i;

	for (i = 0; i < FILES; i++)
		if (access(compiled_name(files[i].text), F_OK) == 0 && has_text(files + i))
			ok &= compile(files + i);
	return ok;
}

int main(int argc, char **argv)
{
	int ok;
	int i;

	if (!fds_sane(2))
		return EXIT_TEMP;
	umask(033);
	for (i = 1; i < argc; i++)
		if (!want(argv[i]))
			strerr_dieusage(EXIT_USAGE, "qmail-newcdb [locals] [rcpthosts] [virtualdomains]");
	if (chdir(conf_home) < 0)
		strerr_diefusys(EXIT_TEMP, "change to ", conf_home);
	ok = argc < 2 ? compile_again() : compile_wanted();
	return ok ? 0 : EXIT_TEMP;
}
