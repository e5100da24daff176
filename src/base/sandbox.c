/* SPDX-License-Identifier: ISC */

#include "base/sandbox.h"

#include <errno.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include <skalibs/stralloc.h>

#include "base/conf.h"
#include "base/landlock.h"
#include "base/linkdirs.h"
#include "base/lower.h"
#include "base/seccomp.h"

/* Sanitizers map terabytes, and report by means that no program of ours needs. */
#ifdef SANDBOX_OFF
enum { ENABLED = 0 };
#else
enum { ENABLED = 1 };
#endif

enum { MEBIBYTES = 1 << 20, PATHS_MAX = 8, HOME_MAX = 4096 };

#define FILE_OFF "/control/nosandbox"
#define LIST (LANDLOCK_LIST)
#define READ (LANDLOCK_READ)
#define WRITE (LANDLOCK_WRITE)
#define MAKE (LANDLOCK_MAKE)
#define REMOVE (LANDLOCK_REMOVE)
/* A file that is linked from one directory to another must not gain rights: all these directories have the same. */
#define ENTER (LIST | WRITE | MAKE | REMOVE)
#define SERVE (LIST | READ | MAKE | REMOVE)

typedef struct profile
{
	int data;                       /* mebibytes; this and the next: 0 leaves the limit alone */
	int files;                      /* descriptors */
	int seconds;                    /* of the processor */
	int landlock;
	int connects;                   /* TCP, to any port */
	landlock_path paths[PATHS_MAX]; /* up to one that is null */
	char const *const *again;       /* files that are read again, up to a null: where they lead to is theirs, too */
} profile;

/* They may be symbolic links, and what these lead to is replaced by renaming: that it was the file's inode which was
 * let through would show when it is read again. */
static char const *const again_send[] = { "control/me", "control/locals", "control/locals.cdb", "control/virtualdomains",
	"control/virtualdomains.cdb", "control/queuelifetimes", "control/concurrencydomains", "control/emptyprefixlocal", 0 };
static char const *const again_rcptd[] = { "control/me", "control/locals", "control/locals.cdb", "control/virtualdomains",
	"control/virtualdomains.cdb", "control/percenthack", "control/envnoathost", "control/emptyprefixlocal", 0 };

static profile const profiles[SANDBOX_PROFILES] = {
	/* It must not lose what it knows for want of memory, and takes as many files at once as it may. The whole queue:
	 * its directories have owners, and one that is put back while qmail-send runs must serve again. */
	[SANDBOX_SEND] = { .landlock = 1, .paths = {
		{ "queue", LIST | READ | WRITE | MAKE | REMOVE }, { "control", READ } }, .again = again_send },
	[SANDBOX_QUEUE] = { .data = 64, .files = 32, .landlock = 1, .paths = {
		{ "pid", ENTER }, { "mess", ENTER }, { "intd", ENTER }, { "todo", ENTER }, { "lock", WRITE } } },
	[SANDBOX_CLEAN] = { .data = 16, .files = 16, .landlock = 1, .paths = {
		{ "pid", LIST | REMOVE }, { "mess", REMOVE }, { "intd", REMOVE }, { "todo", REMOVE } } },
	[SANDBOX_RSPAWN] = { .data = 0 },
	[SANDBOX_REMOTE] = { .data = 256, .files = 64, .seconds = 3600, .landlock = 1, .connects = 1, .paths = {
		{ "control", READ }, { "queue/lock/tcpto", READ | WRITE },
		{ "/etc", READ }, { "/run/systemd/resolve", READ }, { "/dev/urandom", READ }, { "/dev/null", READ | WRITE } } },
	[SANDBOX_POP3D] = { .data = 512, .files = 32, .landlock = 1, .paths = {
		{ "tmp", LIST | REMOVE }, { "new", SERVE }, { "cur", SERVE } } },
	[SANDBOX_GETPW] = { .data = 256 },
	[SANDBOX_NEWU] = { .data = 0 },
	[SANDBOX_SPLOGGER] = { .data = 64, .files = 64 },
	[SANDBOX_RCPTD] = { .data = 256, .files = 1024, .landlock = 1, .paths = { { "control", READ } }, .again = again_rcptd },
	[SANDBOX_LOOK] = { .data = 64, .files = 16, .seconds = 5 },
};

static int is_off(void)
{
	char file[HOME_MAX + sizeof FILE_OFF];
	size_t n = strlen(conf_home);
	struct stat st;

	if (!ENABLED || n > HOME_MAX)
		return 1;
	memcpy(file, conf_home, n);
	memcpy(file + n, FILE_OFF, sizeof FILE_OFF);
	return lstat(file, &st) == 0;
}

static int set_limits(profile const *p)
{
	return lower_limit(RLIMIT_CORE, 0)
		&& (!p->data || lower_limit(RLIMIT_DATA, (rlim_t)p->data * MEBIBYTES))
		&& (!p->files || lower_limit(RLIMIT_NOFILE, (rlim_t)p->files))
		&& (!p->seconds || lower_limit(RLIMIT_CPU, (rlim_t)p->seconds));
}

static size_t count_paths(profile const *p)
{
	size_t n = 0;

	while (n < PATHS_MAX && p->paths[n].path)
		n++;
	return n;
}

static int add_path(stralloc *list, char const *path, unsigned int rights)
{
	landlock_path const p = { path, rights };

	return stralloc_catb(list, (char const *)&p, sizeof p);
}

static int add_names(stralloc *list, stralloc const *names)
{
	size_t i;

	for (i = 0; i < names->len; i += strlen(names->s + i) + 1)
		if (!add_path(list, names->s + i, READ))
			return 0;
	return 1;
}

/* The paths of a profile, with what its files lead to now. */
static int list_paths(stralloc *list, stralloc *names, profile const *p)
{
	size_t i;

	for (i = 0; i < count_paths(p); i++)
		if (!add_path(list, p->paths[i].path, p->paths[i].rights))
			return 0;
	for (i = 0; p->again[i]; i++)
		if (!add_path(list, p->again[i], READ) || !linkdirs_add(names, p->again[i]))
			return 0;
	return add_names(list, names);
}

static int set_landlock(profile const *p)
{
	int version = p->landlock ? landlock_version() : 0;
	stralloc list = STRALLOC_ZERO;
	stralloc names = STRALLOC_ZERO;
	int ok;

	if (version == 0)
		return 1;
	if (!p->again)
		return landlock_restrict(version, p->paths, count_paths(p), p->connects);
	ok = list_paths(&list, &names, p)
		&& landlock_restrict(version, (landlock_path const *)(void *)list.s, list.len / sizeof(landlock_path), p->connects);
	stralloc_free(&list);
	stralloc_free(&names);
	return ok;
}

int sandbox_enter(sandbox_profile which)
{
	profile const *p = profiles + which;
	int e = errno;

	if (is_off())
		return errno = e, 1;
	if (!set_limits(p) || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || !set_landlock(p))
		return 0;
	/* Last: it allows none of the above any more. */
	if (!seccomp_load(seccomp_filters + which))
		return 0;
	return errno = e, 1;
}

char const *sandbox_missing(void)
{
	if (is_off())
		return 0;
	if (landlock_version() == 0)
		return seccomp_known() ? "Landlock" : "Landlock and seccomp";
	return seccomp_known() ? 0 : "seccomp";
}
