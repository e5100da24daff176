/* SPDX-License-Identifier: ISC */

#include "send/controls.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/conf.h"
#include "base/control.h"
#include "base/newer.h"
#include "base/samefile.h"
#include "proto/compiled.h"
#include "send/log.h"
#include "send/policy.h"
#include "send/quota.h"

enum { REMARKS_AFTER = 15 };

controls_values controls = { .queuelifetime = 604800, .concurrency = { 10, 20 } };

static stralloc envnoathost = STRALLOC_ZERO;
static control_list locals = CONTROL_LIST_ZERO;
static control_list percenthack = CONTROL_LIST_ZERO;
static control_list virtualdomains = CONTROL_LIST_ZERO;
static compiled_source locals_from;
static compiled_source virtual_from;
static int locals_out_of_reach;         /* the cdb is, see unread */
static int virtual_out_of_reach;

static struct number { char const *file; unsigned int *value; int bad; } numbers[] = {
	{ "control/queuelifetime", &controls.queuelifetime, 0 },
	{ "control/concurrencylocal", &controls.concurrency[CHANNEL_LOCAL], 0 },
	{ "control/concurrencyremote", &controls.concurrency[CHANNEL_REMOTE], 0 },
	{ "control/bouncemaxbytes", &controls.bouncemaxbytes, 0 },
};
enum { NUMBERS = sizeof numbers / sizeof numbers[0] };

/* What is read at the start only, and how it was then. */
static struct fixed { char const *file; struct stat st; } fixed[] = {
	{ .file = "control/bouncefrom" }, { .file = "control/bouncehost" }, { .file = "control/bouncemaxbytes" },
	{ .file = "control/concurrencylocal" }, { .file = "control/concurrencyremote" },
	{ .file = "control/doublebouncehost" }, { .file = "control/doublebounceto" }, { .file = "control/envnoathost" },
	{ .file = "control/percenthack" }, { .file = "control/queuelifetime" },
};
enum { FIXED = sizeof fixed / sizeof fixed[0] };

static char const empty_file[] = "control/emptyprefixlocal";
static int bad_empty;
static int64_t remarks_due;     /* 0: none to make */

/* A file that could not be read again, and why. */
typedef struct unread
{
	char const *file;       /* null: none */
	int compiled;           /* or rather the cdb beside it */
	int error;
	int out_of_reach;       /* of this process, not of its user: the sandbox is older than the link that leads there */
} unread;

static unread last_unread;

static void remark_later(void)
{
	remarks_due = time(0) + REMARKS_AFTER;
}

static int read_numbers(void)
{
	unsigned int i;

	for (i = 0; i < NUMBERS; i++) {
		control_status s = control_readint(numbers[i].value, numbers[i].file);

		if (s == CONTROL_ERROR)
			return 0;
		numbers[i].bad = s == CONTROL_BAD;
	}
	return 1;
}

static int read_line(stralloc *sa, char const *file, int use_me, char const *literal)
{
	return control_readdefault(sa, file, use_me, literal) == CONTROL_READ;
}

static int read_lines(void)
{
	stralloc host = STRALLOC_ZERO;
	int ok = read_line(&envnoathost, "control/envnoathost", 1, "envnoathost")
		&& read_line(&controls.bouncefrom, "control/bouncefrom", 0, "MAILER-DAEMON")
		&& read_line(&controls.bouncehost, "control/bouncehost", 1, "bouncehost")
		&& read_line(&controls.doublebounceto, "control/doublebounceto", 0, "postmaster")
		&& read_line(&host, "control/doublebouncehost", 1, "doublebouncehost")
		&& stralloc_append(&controls.doublebounceto, '@')
		&& stralloc_catb(&controls.doublebounceto, host.s, host.len);

	stralloc_free(&host);
	controls.tables.envnoathost = envnoathost.s;
	controls.tables.envnoathostlen = envnoathost.len;
	return ok;
}

/* The files that SIGHUP reads again, with their tables. */
typedef struct routes
{
	control_list locals_list;
	control_list virtual_list;
	constmap locals;
	constmap virtualdomains;
	unsigned int empty_is_local;
	int bad;                /* that one is not a number */
	compiled_source locals_from;
	compiled_source virtual_from;
	char const *failed;     /* the file that could not be read */
} routes;

static void routes_free(routes *r)
{
	constmap_free(&r->locals);
	constmap_free(&r->virtualdomains);
	control_list_free(&r->locals_list);
	control_list_free(&r->virtual_list);
}

static int read_empty(routes *r)
{
	control_status s = control_readint(&r->empty_is_local, empty_file);

	r->bad = s == CONTROL_BAD;
	return s != CONTROL_ERROR;
}

static int routes_read(routes *r)
{
	*r = (routes){ .locals_list = CONTROL_LIST_ZERO, .virtual_list = CONTROL_LIST_ZERO,
		.locals = CONSTMAP_ZERO, .virtualdomains = CONSTMAP_ZERO, .failed = "control/locals" };
	if (compiled_readlist(&r->locals_list, "control/locals", 1, 0, &r->locals_from) != CONTROL_READ
	 || !constmap_set(&r->locals, &r->locals_list))
		return 0;
	r->failed = "control/virtualdomains";
	if (compiled_readlist(&r->virtual_list, "control/virtualdomains", 0, ':', &r->virtual_from) == CONTROL_ERROR
	 || !constmap_map(&r->virtualdomains, &r->virtual_list, ':'))
		return 0;
	r->failed = empty_file;
	return read_empty(r);
}

/* Tried once more: 1 and *u when it is there and cannot be read. The current directory is the home. */
static int is_unread(unread *u, char const *file, int compiled)
{
	char const *name = compiled ? compiled_name(file) : file;
	struct stat st;
	int fd = open(name, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	*u = (unread){ .file = file, .compiled = compiled, .error = fd < 0 ? errno : 0 };
	if (fd >= 0)
		close(fd);
	if (u->error == ENOENT)
		return 0;
	if (stat(name, &st) == 0 && S_ISDIR(st.st_mode))
		u->error = EISDIR;
	u->out_of_reach = u->error == EACCES && access(name, R_OK) == 0;
	return u->error != 0;
}

/* file: the one that is to blame, or another that is read with it or in its place. */
static void note_unread(char const *file)
{
	if (!is_unread(&last_unread, file, 0) && !is_unread(&last_unread, file, 1) && !is_unread(&last_unread, "control/me", 0))
		last_unread.file = 0;
	remark_later();
}

static int is_out_of_reach(compiled_source from, char const *file)
{
	unread u;

	return from == COMPILED_DAMAGED && is_unread(&u, file, 1) && u.out_of_reach;
}

/* Only whole tables come into use, and both at once. */
static int read_routes(char const **failed)
{
	routes fresh;
	routes old;

	if (!routes_read(&fresh) || !policy_load(&fresh.failed)) {
		*failed = fresh.failed;
		routes_free(&fresh);
		return 0;
	}
	old = (routes){ .locals_list = locals, .virtual_list = virtualdomains,
		.locals = controls.tables.locals, .virtualdomains = controls.tables.virtualdomains, .failed = 0 };
	locals = fresh.locals_list;
	virtualdomains = fresh.virtual_list;
	controls.tables.locals = fresh.locals;
	controls.tables.virtualdomains = fresh.virtualdomains;
	controls.tables.empty_is_local = fresh.empty_is_local > 0;
	bad_empty = fresh.bad;
	locals_from = fresh.locals_from;
	virtual_from = fresh.virtual_from;
	locals_out_of_reach = is_out_of_reach(locals_from, "control/locals");
	virtual_out_of_reach = is_out_of_reach(virtual_from, "control/virtualdomains");
	last_unread.file = 0;
	routes_free(&old);
	quota_reload();
	remark_later();
	return 1;
}

/* All zero when the file is not there. */
static void look(struct stat *st, int home, char const *file)
{
	if (fstatat(home, file, st, 0) < 0)
		*st = (struct stat){ .st_ino = 0 };
}

int controls_load(void)
{
	char const *failed;
	unsigned int i;

	/* Before they are read: a change in between is remarked on once too often, never missed. */
	for (i = 0; i < FIXED; i++)
		look(&fixed[i].st, AT_FDCWD, fixed[i].file);
	return read_numbers() && read_lines() && read_routes(&failed)
		&& control_readlist(&percenthack, "control/percenthack", 0) != CONTROL_ERROR
		&& constmap_set(&controls.tables.percenthack, &percenthack);
}

int controls_reload(void)
{
	char const *failed;
	int ok;

	if (chdir(conf_home) < 0) {
		log_line("alert: unable to reread controls: unable to switch to home directory", 0, 0);
		return 0;
	}
	ok = read_routes(&failed);
	if (!ok) {
		log_line("alert: unable to reread ", failed, 0);
		note_unread(failed);
	}
	while (chdir("queue") < 0)
		log_pause("alert: unable to switch back to queue directory; HELP! sleeping...", 0, 0);
	return ok;
}

static void remark_numbers(void)
{
	unsigned int i;

	for (i = 0; i < NUMBERS; i++)
		if (numbers[i].bad) {
			log_text("warning: ");
			log_text(numbers[i].file);
			log_text(" line 1: not a number: using ");
			log_number(*numbers[i].value);
			log_text("; write digits alone and restart qmail-send");
			log_end();
			numbers[i].bad = 0;
		}
}

static void remark_empty(void)
{
	if (bad_empty)
		log_line("warning: ", empty_file, " line 1: not a number: an empty prepend means remote; write 1 or 0, then send HUP");
	bad_empty = 0;
}

static void remark_line(size_t lineno, char const *entry, char const *what)
{
	log_text("warning: control/virtualdomains");
	log_text(lineno ? " line " : ".cdb");
	if (lineno)
		log_number(lineno);
	log_text(": ");
	log_safe(entry, strlen(entry));
	log_text(what);
	log_end();
}

static void remark_unread(unread *u)
{
	if (!u->file)
		return;
	log_text("warning: ");
	log_text(u->compiled ? compiled_name(u->file) : u->file);
	if (u->out_of_reach) {
		log_text(" leads to where qmail-send may not look since it started: what it read last counts;"
			" restart qmail-send");
	} else {
		log_text(" cannot be read (");
		log_text(strerror(u->error));
		log_text("): what was read last counts; mend that, then send HUP");
	}
	log_end();
	u->file = 0;
}

static void remark_damage(compiled_source *from, char const *file, int out_of_reach)
{
	if (*from == COMPILED_DAMAGED && out_of_reach)
		log_line("warning: ", compiled_name(file), " leads to where qmail-send may not look since it started:"
			" the text beside it counts; restart qmail-send");
	else if (*from == COMPILED_DAMAGED)
		log_line("warning: ", compiled_name(file),
			" cannot be used: the text beside it counts; run qmail-newcdb, then send HUP");
	*from = COMPILED_TEXT;
}

static void remark_virtualdomains(void)
{
	char const *s = virtualdomains.entries.s;
	size_t i;

	for (i = 0; i < virtualdomains.n; i++) {
		char const *colon = strchr(s, ':');

		if (!colon)
			remark_line(control_line(&virtualdomains, i), s,
				" has no colon and counts for nothing; write domain:prepend, then send HUP");
		else if (colon[1] == ' ' || colon[1] == '\t')
			remark_line(control_line(&virtualdomains, i), s,
				" has a blank after the colon, which is part of the prepend; remove it, then send HUP");
		s += strlen(s) + 1;
	}
}

/* (another mode, which shows in ctime, says nothing new) */
static int is_same(struct stat const *a, struct stat const *b)
{
	return samefile_is(a, b) && a->st_size == b->st_size && samefile_time(a->st_mtim, b->st_mtim);
}

/* Somebody who has edited one of these and sent HUP believes that it counts. */
static void remark_fixed(int home)
{
	unsigned int i;

	for (i = 0; i < FIXED; i++) {
		struct stat st;

		look(&st, home, fixed[i].file);
		if (!is_same(&st, &fixed[i].st))
			log_line("warning: ", fixed[i].file,
				" has changed, but is read at the start only: restart qmail-send for it to count");
		fixed[i].st = st;
	}
}

static void remark_files(void)
{
	int home = open(conf_home, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (home < 0)
		return;
	remark_fixed(home);
	if (newer_file(home, "users/assign", "users/cdb"))
		log_line("warning: users/assign is newer than users/cdb, which counts: run qmail-newu", 0, 0);
	close(home);
}

void controls_selprep(turn *t)
{
	if (remarks_due)
		turn_wake(t, remarks_due);
}

void controls_do(turn const *t)
{
	if (!remarks_due || t->now < remarks_due)
		return;
	remarks_due = 0;
	remark_numbers();
	remark_empty();
	remark_unread(&last_unread);
	remark_damage(&locals_from, "control/locals", locals_out_of_reach);
	remark_damage(&virtual_from, "control/virtualdomains", virtual_out_of_reach);
	remark_virtualdomains();
	policy_remark();
	remark_files();
}
