/* SPDX-License-Identifier: ISC */

#include "modes.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/conf.h"
#include "install/hier.h"
#include "install/layout.h"
#include "install/verify.h"

static char const cure[] = "make setup puts it right";

static struct { verify_finding what; char const *text; } const texts[] =
{
	{ VERIFY_ABSENT, "does not exist" },
	{ VERIFY_TYPE, "has the wrong type" },
	{ VERIFY_OWNER, "has the wrong owner" },
	{ VERIFY_GROUP, "has the wrong group" },
	{ VERIFY_MODE, "has the wrong mode" },
	{ VERIFY_SIZE, "has the wrong size" },
};

/* Of the pages, examples and texts nothing depends. */
static int matters(char const *path)
{
	return strncmp(path, "man", 3) != 0 && strncmp(path, "doc", 3) != 0 && strncmp(path, "boot", 4) != 0;
}

static void check_entry(findings *f, int home, hier_entry const *e)
{
	place_ids ids;
	int found;
	size_t i;

	if (!matters(e->path) || !conf_uid(e->owner, &ids.uid) || !conf_gid(e->group, &ids.gid))
		return;
	found = verify_entry(home, e, &ids);
	if (found == VERIFY_ERROR) {
		if (geteuid() == 0)
			findings_unreadable(f, e->path);
		return;
	}
	for (i = 0; i < sizeof texts / sizeof *texts; i++)
		if (found & (int)texts[i].what)
			findings_add(f, FINDING_ERROR, e->path, 0, texts[i].text, findings_cure, cure, (char *)0);
}

static void check_ids(findings *f)
{
	unsigned int i;
	uid_t uid;
	gid_t gid;

	for (i = 0; i < CONF_USERS_MAX; i++)
		if (!conf_uid((conf_user)i, &uid))
			findings_add(f, FINDING_ERROR, "/etc/passwd", 0, "there is no account ", conf_username((conf_user)i), findings_cure,
				"make setup tells how to create it", (char *)0);
	for (i = 0; i < CONF_GROUPS_MAX; i++)
		if (!conf_gid((conf_group)i, &gid))
			findings_add(f, FINDING_ERROR, "/etc/group", 0, "there is no group ", conf_groupname((conf_group)i), findings_cure,
				"make setup tells how to create it", (char *)0);
}

static void check_tree(findings *f)
{
	hier h = HIER_ZERO;
	qpath_layout l = { .split = conf_split, .big_todo = 0 };
	unsigned int missing;
	size_t i;
	int home = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (home < 0)
		return;
	switch (layout_detect(&l, home, &missing)) {
	case LAYOUT_GAP:
		findings_add(f, FINDING_ERROR, "queue/mess", 0, "has not all its subdirectories", findings_cure, cure, (char *)0);
		break;
	case LAYOUT_ERROR:
		if (geteuid() == 0)
			findings_unreadable(f, "queue");
		break;
	default:
		break;
	}
	if (!hier_tree(&h, &l))
		f->failed = 1;
	for (i = 0; i < h.n; i++)
		check_entry(f, home, h.entries + i);
	close(home);
}

/* ---- programs */

/* Those without which no mail is moved. */
static char const *const needed[] = { "qmail-queue", "qmail-send", "qmail-start", "qmail-clean", "qmail-lspawn", "qmail-rspawn",
	"qmail-local", "qmail-remote", "qmail-getpw" };

static void check_program(findings *f, char const *name)
{
	static stralloc path = STRALLOC_ZERO;
	conf_user owner;
	uid_t uid;
	mode_t mode;
	struct stat st;

	hier_program(name, &mode, &owner);
	if (!stralloc_copys(&path, "bin/") || !stralloc_cats(&path, name) || !stralloc_0(&path) || !conf_uid(owner, &uid)) {
		f->failed = 1;
		return;
	}
	if (stat(path.s, &st) < 0) {
		findings_add(f, FINDING_ERROR, path.s, 0, errno == ENOENT ? "does not exist" : strerror(errno), findings_cure, cure, (char *)0);
		return;
	}
	if (st.st_mode & (S_IWGRP | S_IWOTH))
		findings_add(f, FINDING_ERROR, path.s, 0, "a program that others can write to", findings_cure, "chmod go-w ", path.s, (char *)0);
	/* another's qmail-queue or a wrapper has its own rights */
	if (strcmp(name, "qmail-queue") == 0 && mode != (st.st_mode & 07777) && !(st.st_mode & S_ISUID) && st.st_uid == uid)
		findings_add(f, FINDING_ERROR, path.s, 0, "is not setuid, so nobody can send mail", findings_cure, cure, (char *)0);
	else if (st.st_mode & S_ISUID && st.st_uid != uid)
		findings_add(f, FINDING_ERROR, path.s, 0, "is setuid to the wrong user", findings_cure, cure, (char *)0);
}

static int is_needed(char const *name)
{
	size_t i;

	for (i = 0; i < sizeof needed / sizeof *needed; i++)
		if (strcmp(name, needed[i]) == 0)
			return 1;
	return 0;
}

static void check_programs(findings *f)
{
	DIR *dir = opendir("bin");
	struct dirent *d;
	size_t i;

	for (i = 0; i < sizeof needed / sizeof *needed; i++)
		check_program(f, needed[i]);
	while (dir && (d = readdir(dir)))
		if (d->d_name[0] != '.' && !is_needed(d->d_name))
			check_program(f, d->d_name);
	if (dir)
		closedir(dir);
}

/* ---- users */

/* Whoever writes these can be anybody; the passwords in one are root's to read. */
static void check_users(findings *f)
{
	static struct { char const *path; mode_t wrong; char const *what; char const *cure; } const files[] =
	{
		{ "users/assign", 022, "others than its owner can write to it, and so get anybody's mail", "chmod go-w users/assign" },
		{ "users/cdb", 022, "others than its owner can write to it, and so get anybody's mail", "chmod go-w users/cdb" },
		{ "users/poppasswd", 077, "others than its owner can see passwords", "chmod 600 users/poppasswd" },
		{ "users/poppasswd.cdb", 077, "others than its owner can see passwords", "chmod 600 users/poppasswd.cdb" },
	};
	struct stat st;
	size_t i;

	for (i = 0; i < sizeof files / sizeof *files; i++)
		if (stat(files[i].path, &st) == 0 && st.st_mode & files[i].wrong)
			findings_add(f, FINDING_ERROR, files[i].path, 0, files[i].what, findings_cure, files[i].cure, (char *)0);
}

void modes_check(findings *f)
{
	check_ids(f);
	check_tree(f);
	check_programs(f);
	check_users(f);
}
