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

static void fail(compilable const *f, char const *what, char const *file)
{
	int e = errno;

	unlink(f->scratch);
	strerr_warnw(compiled_name(f->text), " is as it was; when the cause below is mended, run ", PROG, " again");
	errno = e;
	strerr_diefusys(EXIT_TEMP, what, file);
}

static void tell_mistakes(compilable const *f, control_list const *l)
{
	stralloc notes = STRALLOC_ZERO;
	constmap_place p = CONSTMAP_PLACE_ZERO;

	if (!f->sep) {
		setting_useless(&notes, l, f->text, "@ \t\r", "no host is called that", "write the domain alone, without @, blanks and CR");
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

static int is_same(struct stat const *a, struct stat const *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size
		&& a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* The text, and how it was while it was read. Whoever rewrites it meanwhile comes first. */
static void load(compilable const *f, control_list *l, struct stat *st)
{
	struct stat after;

	do {
		if (!stat_text(f, st))
			fail(f, "read ", f->text);
		let_pass(&st->st_mtim);
		if (control_readlist(l, f->text, 0) != CONTROL_READ || !stat_text(f, &after))
			fail(f, "read ", f->text);
	} while (!is_same(st, &after));
	tell_mistakes(f, l);
}

/* Newer than the text it was made of by as little as there is, so that any later text is newer than it. */
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

static void compile(compilable const *f)
{
	control_list l = CONTROL_LIST_ZERO;
	struct stat text;
	int fd = scratch_open(f->scratch);

	if (fd < 0)
		strerr_diefusys(EXIT_TEMP, "write ", f->scratch);
	load(f, &l, &text);
	if (!compiled_write(fd, &l, f->sep) || !set_time(fd, &text) || !sync_file(fd))
		fail(f, "write ", f->scratch);
	if (rename(f->scratch, compiled_name(f->text)) < 0)
		fail(f, "replace ", compiled_name(f->text));
	close(fd);
	control_list_free(&l);
	if (!sync_dir("control"))
		strerr_diefusys(EXIT_TEMP, "make the new name durable: ", compiled_name(f->text));
}

static compilable const *find(char const *name)
{
	size_t i;

	for (i = 0; i < FILES; i++)
		if (strcmp(name, files[i].name) == 0)
			return files + i;
	return 0;
}

/* Those that are there already. */
static void compile_again(void)
{
	size_t i;

	for (i = 0; i < FILES; i++)
		if (access(compiled_name(files[i].text), F_OK) == 0)
			compile(files + i);
}

int main(int argc, char **argv)
{
	int i;

	if (!fds_sane(2))
		return EXIT_TEMP;
	umask(033);
	for (i = 1; i < argc; i++)
		if (!find(argv[i]))
			strerr_dieusage(EXIT_USAGE, "qmail-newcdb [locals] [rcpthosts] [virtualdomains]");
	if (chdir(conf_home) < 0)
		strerr_diefusys(EXIT_TEMP, "change to ", conf_home);
	for (i = 1; i < argc; i++)
		compile(find(argv[i]));
	if (argc < 2)
		compile_again();
	return 0;
}
