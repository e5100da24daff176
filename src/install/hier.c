/* SPDX-License-Identifier: ISC */

#include "hier.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <skalibs/stralloc.h>
#include <skalibs/types.h>

typedef struct hier_fixed
{
	hier_type type;
	mode_t mode;
	conf_user owner;
	char const *path;
} hier_fixed;

static hier_fixed const tree[] =
{
	{ HIER_DIR, 0755, CONF_ROOT, "." },
	{ HIER_DIR, 0755, CONF_ROOT, "control" },
	{ HIER_DIR, 0755, CONF_ROOT, "users" },
	{ HIER_DIR, 0755, CONF_ROOT, "bin" },
	{ HIER_DIR, 0755, CONF_ROOT, "boot" },
	{ HIER_DIR, 0755, CONF_ROOT, "doc" },
	{ HIER_DIR, 0755, CONF_ROOT, "man" },
	{ HIER_DIR, 0755, CONF_ROOT, "man/cat1" },
	{ HIER_DIR, 0755, CONF_ROOT, "man/cat5" },
	{ HIER_DIR, 0755, CONF_ROOT, "man/cat7" },
	{ HIER_DIR, 0755, CONF_ROOT, "man/cat8" },
	{ HIER_DIR, 0755, CONF_ROOT, "man/man1" },
	{ HIER_DIR, 0755, CONF_ROOT, "man/man5" },
	{ HIER_DIR, 0755, CONF_ROOT, "man/man7" },
	{ HIER_DIR, 0755, CONF_ROOT, "man/man8" },
	{ HIER_DIR, 02755, CONF_ALIAS, "alias" },
	{ HIER_DIR, 0750, CONF_QMAILQ, "queue" },
	{ HIER_DIR, 0700, CONF_QMAILQ, "queue/pid" },
	{ HIER_DIR, 0700, CONF_QMAILQ, "queue/intd" },
	{ HIER_DIR, 0750, CONF_QMAILQ, "queue/todo" },
	{ HIER_DIR, 0700, CONF_QMAILS, "queue/bounce" },
	{ HIER_DIR, 0700, CONF_QMAILS, "queue/info" },
	{ HIER_DIR, 0700, CONF_QMAILS, "queue/local" },
	{ HIER_DIR, 0700, CONF_QMAILS, "queue/remote" },
	{ HIER_DIR, 0750, CONF_QMAILQ, "queue/lock" },
	{ HIER_ZEROS, 0644, CONF_QMAILR, "queue/lock/tcpto" },
	{ HIER_EMPTY, 0600, CONF_QMAILS, "queue/lock/sendmutex" },
	{ HIER_FIFO, 0622, CONF_QMAILS, "queue/lock/trigger" },
	{ HIER_DIR, 0750, CONF_QMAILQ, "queue/mess" },
};

typedef struct hier_split
{
	char const *name;
	mode_t mode;
	conf_user owner;
	int big_todo;           /* split only in queues of the big-todo layout */
} hier_split;

/* mess is last, see add_split. */
static hier_split const splits[] =
{
	{ "queue/intd/", 0700, CONF_QMAILQ, 1 },
	{ "queue/todo/", 0750, CONF_QMAILQ, 1 },
	{ "queue/info/", 0700, CONF_QMAILS, 0 },
	{ "queue/local/", 0700, CONF_QMAILS, 0 },
	{ "queue/remote/", 0700, CONF_QMAILS, 0 },
	{ "queue/mess/", 0750, CONF_QMAILQ, 0 },
};

static struct { char const *name; mode_t mode; conf_user owner; } const programs[] =
{
	{ "qmail-queue", 04711, CONF_QMAILQ },
	{ "qmail-lspawn", 0700, CONF_ROOT },
	{ "qmail-start", 0700, CONF_ROOT },
	{ "qmail-newu", 0700, CONF_ROOT },
	{ "qmail-newmrh", 0700, CONF_ROOT },
	{ "qmail-newcdb", 0700, CONF_ROOT },
	{ "qmail-checkpassword", 0700, CONF_ROOT },
	{ "qmail-poppasswd", 0700, CONF_ROOT },
	{ "qmail-getpw", 0711, CONF_ROOT },
	{ "qmail-local", 0711, CONF_ROOT },
	{ "qmail-remote", 0711, CONF_ROOT },
	{ "qmail-rspawn", 0711, CONF_ROOT },
	{ "qmail-clean", 0711, CONF_ROOT },
	{ "qmail-send", 0711, CONF_ROOT },
	{ "qmail-pw2u", 0711, CONF_ROOT },
	{ "qmail-popup", 0711, CONF_ROOT },
	{ "splogger", 0711, CONF_ROOT },
};

void hier_program(char const *name, mode_t *mode, conf_user *owner)
{
	size_t i = 0;

	*mode = 0755;
	*owner = CONF_ROOT;
	for (; i < sizeof programs / sizeof *programs; i++)
		if (strcmp(programs[i].name, name) == 0) {
			*mode = programs[i].mode;
			*owner = programs[i].owner;
		}
}

static int add(hier *h, hier_entry const *e)
{
	hier_entry *more = reallocarray(h->entries, h->n + 1, sizeof *more);

	if (!more)
		return 0;
	h->entries = more;
	h->entries[h->n] = *e;
	h->entries[h->n].path = strdup(e->path);
	if (!h->entries[h->n].path)
		return 0;
	h->n++;
	return 1;
}

static int add_fixed(hier *h)
{
	size_t i = 0;

	for (; i < sizeof tree / sizeof *tree; i++) {
		hier_entry e = { tree[i].type, tree[i].mode, tree[i].owner, CONF_QMAIL, tree[i].path, 0 };

		if (!add(h, &e))
			return 0;
	}
	return 1;
}

/* Highest number first and mess/0 last of all: a queue whose making was cut short has no mess/0, so the
 * next setup sees that there is no queue yet, not a queue with a smaller split. */
static int add_split(hier *h, qpath_layout const *l)
{
	size_t k = 0;

	for (; k < sizeof splits / sizeof *splits; k++) {
		unsigned int i = splits[k].big_todo && !l->big_todo ? 0 : l->split;

		while (i-- > 0) {
			char path[QPATH_FMT];
			size_t n = strlen(splits[k].name);
			hier_entry e = { HIER_DIR, splits[k].mode, splits[k].owner, CONF_QMAIL, path, 0 };

			memcpy(path, splits[k].name, n);
			path[n + uint_fmt(path + n, i)] = 0;
			if (!add(h, &e))
				return 0;
		}
	}
	return 1;
}

static char *joined(char const *a, char const *b, char const *c)
{
	stralloc sa = STRALLOC_ZERO;

	if (!stralloc_cats(&sa, a) || !stralloc_cats(&sa, b) || !stralloc_cats(&sa, c) || !stralloc_0(&sa)) {
		stralloc_free(&sa);
		return 0;
	}
	return sa.s;
}

static int visible(struct dirent const *d)
{
	return d->d_name[0] != '.';
}

static int manual_page(struct dirent const *d)
{
	size_t n = strlen(d->d_name);

	return visible(d) && n > 2 && d->d_name[n - 2] == '.' && strchr("1578", d->d_name[n - 1]);
}

/* Built to be run from the build directory, or left by a compiler. */
static int program(struct dirent const *d)
{
	return visible(d) && !strchr(d->d_name, '.') && strcmp(d->d_name, "qmail-upq") != 0;
}

/* These two belong to the source tree. */
static int boot_file(struct dirent const *d)
{
	return visible(d) && strcmp(d->d_name, "quickstart") != 0 && strcmp(d->d_name, "packages") != 0;
}

typedef int hier_chooser(struct dirent const *d);

static int add_files(hier *h, char const *build, char const *folder, hier_chooser *choose);

/* Where a file of the build goes, and with what mode. 0 when out of memory. */
static int describe(hier_entry *e, char const *folder, char const *name, mode_t built)
{
	if (strcmp(folder, "man") == 0) {
		char section[] = "man/man?/";

		section[7] = name[strlen(name) - 1];
		e->path = joined(section, name, "");
	} else {
		e->path = joined(folder, "/", name);
	}
	if (strcmp(folder, "bin") == 0)
		hier_program(name, &e->mode, &e->owner);
	else if (built & S_IXUSR && strcmp(folder, "man") != 0)
		e->mode = 0755;
	return e->path != 0;
}

/* One file or folder of the build: what it becomes in the installation. */
static int add_found(hier *h, char const *build, char const *folder, char const *name, hier_chooser *choose)
{
	hier_entry e = { HIER_FILE, 0644, CONF_ROOT, CONF_QMAIL, 0, 0 };
	char *below = joined(folder, "/", name);
	char *source = below ? joined(build, "/", below) : 0;
	struct stat st;
	int ok = 0;

	if (!source || stat(source, &st) < 0)
		goto out;
	if (S_ISDIR(st.st_mode)) {
		e = (hier_entry){ HIER_DIR, 0755, CONF_ROOT, CONF_QMAIL, below, 0 };
		ok = add(h, &e) && add_files(h, build, below, choose);
	} else if (describe(&e, folder, name, st.st_mode)) {
		e.source = source;
		ok = add(h, &e);
		free((void *)e.path);
		if (ok)
			source = 0;
	}
out:
	free(source);
	free(below);
	return ok;
}

static int add_files(hier *h, char const *build, char const *folder, hier_chooser *choose)
{
	struct dirent **found;
	char *dir = joined(build, "/", folder);
	int n = dir ? scandir(dir, &found, choose, alphasort) : -1;
	int ok = 1;
	int i = 0;

	if (n < 0)
		ok = dir && errno == ENOENT;
	for (; i < n; i++) {
		ok = ok && add_found(h, build, folder, found[i]->d_name, choose);
		free(found[i]);
	}
	if (n >= 0)
		free(found);
	free(dir);
	return ok;
}

int hier_tree(hier *h, qpath_layout const *l)
{
	return add_fixed(h) && add_split(h, l);
}

int hier_make(hier *h, char const *build, qpath_layout const *l)
{
	return hier_tree(h, l)
		&& add_files(h, build, "bin", program) && add_files(h, build, "man", manual_page)
		&& add_files(h, build, "boot", boot_file) && add_files(h, build, "doc", visible);
}
