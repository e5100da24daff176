/* SPDX-License-Identifier: ISC */

/* The installer that make setup, make check and make uninstall-check run. It is not installed itself. */

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <skalibs/buffer.h>
#include <skalibs/stralloc.h>
#include <skalibs/strerr.h>
#include <skalibs/types.h>

#include "accounts.h"
#include "base/conf.h"
#include "hier.h"
#include "layout.h"
#include "place.h"
#include "verify.h"

#define USAGE "install setup|check|list build-folder destdir"

enum { EXIT_WARNED = 1, EXIT_PERM = 100, EXIT_TEMP = 111 };

char const *PROG = "install";

static char const *destdir;
static stralloc home = STRALLOC_ZERO;           /* destdir and conf_home, NUL-terminated */
static accounts ids;
static int owners = 1;                          /* 0: laid out without owners */

static void nomem(void)
{
	strerr_dief(EXIT_TEMP, "out of memory");
}

/* Strings up to a null pointer, to standard output. */
static void say(char const *s, ...)
{
	va_list ap;

	va_start(ap, s);
	for (; s; s = va_arg(ap, char const *))
		if (buffer_puts(buffer_1, s) < 0)
			strerr_diefusys(EXIT_TEMP, "write output");
	va_end(ap);
}

static void find_home(void)
{
	if (conf_home[0] != '/')
		strerr_dief(EXIT_PERM, "conf-qmail: the home must start with a slash: ", conf_home);
	/* it stands in scripts of boot/, in run files and in manuals without quotes */
	if (conf_home[strspn(conf_home, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._+-")])
		strerr_dief(EXIT_PERM, "conf-qmail: the home may consist of letters, digits and /._+- only: ", conf_home);
	if (!stralloc_copys(&home, destdir) || !stralloc_cats(&home, conf_home) || !stralloc_0(&home))
		nomem();
}

/* The home and whatever is missing above it. */
static void make_home(void)
{
	char *s = home.s + 1;

	for (;; s++) {
		char c = *s;

		if (c != '/' && c != 0)
			continue;
		*s = 0;
		if (mkdir(home.s, 0755) < 0 && errno != EEXIST)
			strerr_diefusys(EXIT_TEMP, "make directory ", home.s);
		*s = c;
		if (c == 0)
			break;
	}
}

static int open_home(void)
{
	return open(home.s, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static void find_accounts(void)
{
	stralloc cure = STRALLOC_ZERO;
	int r = accounts_find(&ids, &cure);

	if (r < 0)
		strerr_diefusys(EXIT_TEMP, "look up users and groups");
	if (r > 0)
		return;
	if (!stralloc_0(&cure))
		nomem();
	strerr_dief(EXIT_TEMP, "nothing was changed: users or groups are missing. Create them as root, then run make again:\n", cure.s);
}

/* Only root gives files away. Someone else may lay out a package below a DESTDIR. */
static void see_who_we_are(void)
{
	if (geteuid() == 0) {
		find_accounts();
	} else {
		owners = 0;
		if (!*destdir)
			strerr_dief(EXIT_TEMP, "nothing was done: only root can do this. As an ordinary user give a DESTDIR: "
				"make DESTDIR=/some/where setup");
	}
}

static place_ids const *ids_of(hier_entry const *e, place_ids *p)
{
	p->uid = ids.uid[e->owner];
	p->gid = ids.gid[e->group];
	return owners ? p : 0;
}

static hier table_for(char const *build, int dir)
{
	hier h = HIER_ZERO;
	qpath_layout l = { .split = conf_split, .big_todo = 0 };
	unsigned int missing = 0;
	char fmt[UINT_FMT];

	switch (dir < 0 ? LAYOUT_NEW : layout_detect(&l, dir, &missing)) {
	case LAYOUT_ERROR:
		strerr_diefusys(EXIT_TEMP, "look at ", home.s, "/queue");
	case LAYOUT_GAP:
		fmt[uint_fmt(fmt, missing)] = 0;
		strerr_dief(EXIT_TEMP, "nothing was changed: ", home.s, "/queue/mess has no subdirectory ", fmt,
			", but higher ones. Stop qmail-send, put it back (also in info, local and remote), and run make again");
	default:
		break;
	}
	if (!hier_make(&h, build, &l))
		strerr_diefusys(EXIT_TEMP, "list what is in ", build);
	return h;
}

/* ---- setup ------------------------------------------------------------------------------------------ */

static void say_cannot_place(hier_entry const *e)
{
	if (errno == EMLINK)
		strerr_dief(EXIT_TEMP, home.s, "/", e->path, " has a second name (hard link): not touched. "
			"Find it with find -samefile, remove it, and run make setup again");
	strerr_diefusys(EXIT_TEMP, "set up ", home.s, "/", e->path);
}

/* Two setups at once would take each other's temporary files. */
static void lock_home(int dir)
{
	if (flock(dir, LOCK_EX | LOCK_NB) < 0)
		strerr_diefusys(EXIT_TEMP, "lock ", home.s, " (is another make setup running?)");
}

static void make_names_durable(int dir)
{
	int queue = openat(dir, "queue", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (syncfs(dir) < 0 || queue < 0 || syncfs(queue) < 0)
		strerr_diefusys(EXIT_TEMP, "write ", home.s, " to disk");
	close(queue);
}

static void say_done(size_t files, size_t written, size_t directories)
{
	char f[SIZE_FMT];
	char w[SIZE_FMT];
	char d[SIZE_FMT];

	f[size_fmt(f, files)] = 0;
	w[size_fmt(w, written)] = 0;
	d[size_fmt(d, directories)] = 0;
	say(PROG, ": ", home.s, ": ", w, " of ", f, " files written, ", d, " directories made\n", (char *)0);
	if (!owners)
		say(PROG, ": not root: everything belongs to you. Owners must be set where this tree will live: "
			"unpack it there and run make setup as root, or set them as make uninstall-check lists them\n", (char *)0);
}

static int setup(char const *build)
{
	size_t files = 0, written = 0, directories = 0, i = 0;
	int dir;
	hier h;

	see_who_we_are();
	make_home();
	dir = open_home();
	if (dir < 0)
		strerr_diefusys(EXIT_TEMP, "open ", home.s);
	lock_home(dir);
	h = table_for(build, dir);
	for (; i < h.n; i++) {
		hier_entry const *e = h.entries + i;
		place_ids p;
		place_result r = place_entry(dir, e, ids_of(e, &p));

		if (r == PLACE_ERROR)
			say_cannot_place(e);
		if (r == PLACE_LINK)
			say(PROG, ": ", home.s, "/", e->path, " is a symbolic link: left as it is\n", (char *)0);
		files += e->type == HIER_FILE;
		written += e->type == HIER_FILE && r == PLACE_MADE;
		directories += e->type == HIER_DIR && r == PLACE_MADE;
	}
	make_names_durable(dir);
	say_done(files, written, directories);
	return 0;
}

/* ---- check ------------------------------------------------------------------------------------------ */

static void warn(hier_entry const *e, char const *what)
{
	if (strcmp(e->path, ".") == 0)
		strerr_warnw(home.s, " ", what);
	else
		strerr_warnw(home.s, "/", e->path, " ", what);
}

/* qmail-queue links a message from one of these into the other. 1 if it cannot. */
static int warn_parted(int dir)
{
	static char const *const others[] = { "queue/pid", "queue/intd", "queue/todo" };
	struct stat mess;
	struct stat other;
	int warned = 0;
	size_t i = 0;

	if (fstatat(dir, "queue/mess", &mess, 0) < 0)
		return 0;
	for (; i < sizeof others / sizeof *others; i++)
		if (fstatat(dir, others[i], &other, 0) == 0 && other.st_dev != mess.st_dev) {
			strerr_warnw(home.s, "/", others[i], " is on another file system than queue/mess: no mail can be queued");
			warned = 1;
		}
	return warned;
}

static int check(char const *build)
{
	static struct { verify_finding what; char const *text; } const texts[] =
	{
		{ VERIFY_ABSENT, "does not exist" },
		{ VERIFY_TYPE, "has wrong type" },
		{ VERIFY_OWNER, "has wrong owner" },
		{ VERIFY_GROUP, "has wrong group" },
		{ VERIFY_MODE, "has wrong permissions" },
		{ VERIFY_SIZE, "has wrong size" },
	};
	int warned = 0;
	size_t i = 0;
	int dir;
	hier h;

	PROG = "instcheck";
	see_who_we_are();
	dir = open_home();
	if (dir < 0 && errno != ENOENT)
		strerr_diefusys(EXIT_TEMP, "open ", home.s);
	h = table_for(build, dir);
	for (; i < h.n; i++) {
		hier_entry const *e = h.entries + i;
		place_ids p;
		int found = dir < 0 ? VERIFY_ABSENT : verify_entry(dir, e, ids_of(e, &p));
		size_t k = 0;

		if (found == VERIFY_ERROR)
			strerr_diefusys(EXIT_TEMP, "look at ", home.s, "/", e->path);
		for (; k < sizeof texts / sizeof *texts; k++)
			if (found & (int)texts[k].what)
				warn(e, texts[k].text);
		warned |= found != VERIFY_FINE;
	}
	if (dir >= 0)
		warned |= warn_parted(dir);
	return warned ? EXIT_WARNED : 0;
}

/* ---- list ------------------------------------------------------------------------------------------- */

static int list(char const *build)
{
	static char const *const types[] =
	{
		[HIER_DIR] = "directory", [HIER_FILE] = "file", [HIER_EMPTY] = "lock", [HIER_ZEROS] = "lock", [HIER_FIFO] = "fifo",
	};
	/* an ordinary user cannot look into the queue, and gets the table of a new one */
	int dir = geteuid() == 0 ? open_home() : -1;
	hier h = table_for(build, dir);
	size_t i = 0;

	say("# What this tree installs. control, users, alias and queue hold your settings and your mail:\n"
		"# nothing here removes them. To take the rest away, remove the lines of type file.\n"
		"# mode owner group type path\n", (char *)0);
	for (; i < h.n; i++) {
		hier_entry const *e = h.entries + i;
		char mode[UINT_OFMT];

		mode[uint_ofmt(mode, (unsigned int)e->mode)] = 0;
		say(e->mode < 01000 ? "0" : "", mode, " ", conf_username(e->owner), " ", conf_groupname(e->group), " ",
			types[e->type], " ", home.s, (char *)0);
		if (strcmp(e->path, ".") != 0)
			say("/", e->path, (char *)0);
		say("\n", (char *)0);
	}
	return 0;
}

int main(int argc, char const *const *argv)
{
	int code;

	if (argc != 4)
		strerr_dieusage(EXIT_PERM, USAGE);
	umask(022);
	destdir = argv[3];
	find_home();
	if (strcmp(argv[1], "setup") == 0)
		code = setup(argv[2]);
	else if (strcmp(argv[1], "check") == 0)
		code = check(argv[2]);
	else if (strcmp(argv[1], "list") == 0)
		code = list(argv[2]);
	else
		strerr_dieusage(EXIT_PERM, USAGE);
	if (!buffer_flush(buffer_1))
		strerr_diefusys(EXIT_TEMP, "write output");
	return code;
}
