/* SPDX-License-Identifier: ISC */

#include "modes.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/conf.h"
#include "base/io.h"
#include "base/samefile.h"
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
			findings_add(f, FINDING_ERROR, "/etc/passwd", 0, "there is no account ",
				conf_username((conf_user)i), findings_cure,
				"make setup tells how to create it", (char *)0);
	for (i = 0; i < CONF_GROUPS_MAX; i++)
		if (!conf_gid((conf_group)i, &gid))
			findings_add(f, FINDING_ERROR, "/etc/group", 0, "there is no group ",
				conf_groupname((conf_group)i), findings_cure,
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
		findings_add(f, FINDING_ERROR, "queue/mess", 0, "has not all its subdirectories", findings_cure, cure,
			(char *)0);
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
static char const *const needed[] = { "qmail-queue", "qmail-send", "qmail-start", "qmail-clean", "qmail-lspawn",
	"qmail-rspawn", "qmail-local", "qmail-remote", "qmail-getpw" };

/* The mode of programs that are not in the table of setup by name, those of others among them. */
enum { ORDINARY = 0755 };

/* Where a wrapper in its place looks for qmail-queue. */
static char const queue_name[] = "qmail-queue";
static char const real_name[] = "qmail-queue-real";

typedef struct program
{
	char const *path;
	struct stat st;
} program;

static char const *path_of(char const *name)
{
	static stralloc path = STRALLOC_ZERO;

	return stralloc_copys(&path, "bin/") && stralloc_cats(&path, name) && stralloc_0(&path) ? path.s : 0;
}

static int is_setuid_to(struct stat const *st, conf_user u)
{
	uid_t uid;

	return S_ISREG(st->st_mode) && st->st_mode & S_ISUID && conf_uid(u, &uid) && st->st_uid == uid;
}

/* Whether one of the programs here, under whatever name, can write to the queue. */
static int some_queue_program(void)
{
	DIR *dir = opendir("bin");
	struct dirent *d;
	struct stat st;
	int found = 0;

	while (dir && !found && (d = readdir(dir)))
		found = fstatat(dirfd(dir), d->d_name, &st, 0) == 0 && is_setuid_to(&st, CONF_QMAILQ);
	if (dir)
		closedir(dir);
	return found;
}

static int is_script(char const *path)
{
	char start[2];
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	int found = fd >= 0 && io_read(fd, start, sizeof start, 0) == sizeof start && memcmp(start, "#!", 2) == 0;

	if (fd >= 0)
		close(fd);
	return found;
}

/* A host without a queue sends all of it to another one. */
static int is_qmqpc(struct stat const *st)
{
	struct stat other;

	return stat("bin/qmail-qmqpc", &other) == 0 && samefile_is(&other, st);
}

/* Scanners and wrappers stand in its place with the rights that they need: then the real one is elsewhere. */
static void check_queue(findings *f, program const *p)
{
	mode_t const execute = S_IXUSR | S_IXGRP | S_IXOTH;
	uid_t uid;

	if ((p->st.st_mode & execute) != execute)
		findings_add(f, FINDING_ERROR, p->path, 0, "not everybody can run it, so not everybody can send mail",
			findings_cure,
			"chmod a+x ", p->path, (char *)0);
	if (is_setuid_to(&p->st, CONF_QMAILQ) || is_qmqpc(&p->st) || !conf_uid(CONF_QMAILQ, &uid))
		return;
	if (is_script(p->path) && !(p->st.st_mode & S_IROTH))
		findings_add(f, FINDING_ERROR, p->path, 0, "a script that not everybody can read, and so not run",
			findings_cure,
			"chmod a+r ", p->path, (char *)0);
	if (!(p->st.st_mode & S_ISUID) && p->st.st_uid == uid)
		findings_add(f, FINDING_ERROR, p->path, 0, "is not setuid, so nobody can send mail", findings_cure,
			cure, (char *)0);
	else if (!is_script(p->path) && !some_queue_program())
		findings_add(f, FINDING_ERROR, p->path, 0,
			p->st.st_mode & S_ISUID ? "is setuid to the wrong user" : "is not setuid",
			", and no other program here is setuid to ", conf_username(CONF_QMAILQ),
			", so nobody can send mail", findings_cure, cure, (char *)0);
}

/* Programs of others have the rights that their authors think right; of ours none but qmail-queue is setuid, and
 * some give qmail-checkpassword to SMTP servers that are not root. */
static void check_rights(findings *f, char const *name, program const *p)
{
	conf_user owner;
	mode_t mode;

	hier_program(name, &mode, &owner);
	if (strcmp(name, queue_name) == 0)
		check_queue(f, p);
	else if (strcmp(name, real_name) == 0 && !is_setuid_to(&p->st, CONF_QMAILQ))
		findings_add(f, FINDING_ERROR, p->path, 0, "is not setuid to ", conf_username(CONF_QMAILQ),
			", so nobody can send mail", findings_cure, "chown ", conf_username(CONF_QMAILQ), " ", p->path,
			" && chmod 4711 ", p->path, (char *)0);
	else if (mode != ORDINARY && p->st.st_mode & S_ISUID && strcmp(name, "qmail-checkpassword") != 0)
		findings_add(f, FINDING_ERROR, p->path, 0, "is setuid, which is meant for qmail-queue alone",
			findings_cure, "chmod u-s ", p->path, (char *)0);
}

static void check_program(findings *f, char const *name, int is_needed)
{
	program p = { .path = path_of(name) };
	int writable;

	if (!p.path) {
		f->failed = 1;
		return;
	}
	if (stat(p.path, &p.st) < 0) {
		if (is_needed)
			findings_add(f, FINDING_ERROR, p.path, 0, errno == ENOENT ? "does not exist" : strerror(errno),
				findings_cure, cure, (char *)0);
		else if (errno == ENOENT && lstat(p.path, &p.st) == 0)
			findings_add(f, FINDING_WARNING, p.path, 0, "a link that leads nowhere", findings_cure,
				"remove it", (char *)0);
		return;
	}
	writable = p.st.st_mode & S_IWOTH || (p.st.st_mode & S_IWGRP && p.st.st_gid != 0);
	if (writable)
		findings_add(f, FINDING_ERROR, p.path, 0, S_ISDIR(p.st.st_mode) ? "a directory that others can write to"
			: "a program that others can write to", findings_cure, "chmod go-w ", p.path, (char *)0);
	if (S_ISREG(p.st.st_mode))
		check_rights(f, name, &p);
	else if (is_needed)
		findings_add(f, FINDING_ERROR, p.path, 0, "not a file", findings_cure, cure, (char *)0);
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
	struct dirent **found;
	int n = scandir("bin", &found, 0, alphasort);
	size_t needs;
	int i;

	for (needs = 0; needs < sizeof needed / sizeof *needed; needs++)
		check_program(f, needed[needs], 1);
	for (i = 0; i < n; i++) {
		if (found[i]->d_name[0] != '.' && !is_needed(found[i]->d_name))
			check_program(f, found[i]->d_name, 0);
		free(found[i]);
	}
	if (n >= 0)
		free(found);
}

/* ---- users */

/* Whoever writes these can be anybody; the passwords in one are root's to read. */
static void check_users(findings *f)
{
	static struct { char const *path; mode_t wrong; char const *what; char const *cure; } const files[] =
	{
		{ "users/assign", 022, "others than its owner can write to it, and so get anybody's mail",
			"chmod go-w users/assign" },
		{ "users/cdb", 022, "others than its owner can write to it, and so get anybody's mail",
		"chmod go-w users/cdb" }, { "users/assign.cdb", 022,
		"others than its owner can write to it, and so get anybody's mail", "chmod go-w users/assign.cdb" },
		{ "users/poppasswd", 077, "others than its owner can see passwords", "chmod 600 users/poppasswd" },
		{ "users/poppasswd.cdb", 077, "others than its owner can see passwords",
		"chmod 600 users/poppasswd.cdb" },
	};
	struct stat st;
	size_t i;

	for (i = 0; i < sizeof files / sizeof *files; i++)
		if (stat(files[i].path, &st) == 0 && st.st_mode & files[i].wrong)
			findings_add(f, FINDING_ERROR, files[i].path, 0, files[i].what, findings_cure, files[i].cure,
				(char *)0);
}

void modes_check(findings *f)
{
	check_ids(f);
	check_tree(f);
	check_programs(f);
	check_users(f);
}
