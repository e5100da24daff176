/* SPDX-License-Identifier: ISC */

#include "base/landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/errtemp.h"

/* What each version brought. Headers may be older than the kernel. */
enum { WITH_REFER = 2, WITH_TRUNCATE = 3, WITH_NET = 4, WITH_IOCTL = 5, WITH_SCOPE = 6 };

#define FS_WRITE_FILE (UINT64_C(1) << 1)
#define FS_READ_FILE (UINT64_C(1) << 2)
#define FS_READ_DIR (UINT64_C(1) << 3)
#define FS_REMOVE_FILE (UINT64_C(1) << 5)
#define FS_MAKE_REG (UINT64_C(1) << 8)
#define FS_REFER (UINT64_C(1) << 13)
#define FS_TRUNCATE (UINT64_C(1) << 14)
#define FS_IOCTL_DEV (UINT64_C(1) << 15)
#define FS_FIRST ((UINT64_C(1) << 14) - 1)      /* all that version 2 knows */
#define NET_BIND_TCP (UINT64_C(1) << 0)
#define NET_CONNECT_TCP (UINT64_C(1) << 1)
#define RULE_NET_PORT 2
#define SCOPE_ABSTRACT_UNIX (UINT64_C(1) << 0)
#define SCOPE_SIGNAL (UINT64_C(1) << 1)

/* The kernel takes a longer one than it knows if the rest is zero. */
typedef struct ruleset
{
	uint64_t fs;
	uint64_t net;
	uint64_t scoped;
} ruleset;

typedef struct net_port
{
	uint64_t rights;
	uint64_t port;
} net_port;

int landlock_version(void)
{
	long v = syscall(SYS_landlock_create_ruleset, 0, 0, LANDLOCK_CREATE_RULESET_VERSION);

	return v < WITH_REFER ? 0 : (int)v;
}

static ruleset handled(int version, int connects)
{
	ruleset r = { .fs = FS_FIRST };

	if (version >= WITH_TRUNCATE)
		r.fs |= FS_TRUNCATE;
	if (version >= WITH_IOCTL)
		r.fs |= FS_IOCTL_DEV;
	if (version >= WITH_NET)
		r.net = NET_BIND_TCP | (connects ? 0 : NET_CONNECT_TCP);
	if (version >= WITH_SCOPE)
		r.scoped = SCOPE_ABSTRACT_UNIX | SCOPE_SIGNAL;
	return r;
}

static uint64_t accesses(unsigned int rights)
{
	uint64_t a = 0;

	if (rights & LANDLOCK_READ)
		a |= FS_READ_FILE;
	if (rights & LANDLOCK_WRITE)
		a |= FS_WRITE_FILE | FS_TRUNCATE;
	if (rights & LANDLOCK_LIST)
		a |= FS_READ_DIR;
	if (rights & LANDLOCK_MAKE)
		a |= FS_MAKE_REG | FS_REFER;
	if (rights & LANDLOCK_REMOVE)
		a |= FS_REMOVE_FILE;
	return a;
}

static int add(int rules, uint64_t fs, landlock_path const *p)
{
	struct landlock_path_beneath_attr below = { .allowed_access = accesses(p->rights) & fs };
	int ok;

	below.parent_fd = open(p->path, O_PATH | O_CLOEXEC);
	/* One that is not there is one thing. One that cannot be opened just now would be shut out for our whole life. */
	if (below.parent_fd < 0)
		return !errtemp(errno);
	ok = below.allowed_access == 0 || syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &below, 0) == 0;
	close(below.parent_fd);
	return ok;
}

/* Whoever connects may choose the address it comes from; the port is the kernel's choice. */
static int allow_any_port(int rules)
{
	net_port const any = { .rights = NET_BIND_TCP, .port = 0 };

	return syscall(SYS_landlock_add_rule, rules, RULE_NET_PORT, &any, 0) == 0;
}

int landlock_restrict(int version, landlock_path const *paths, size_t n, int connects)
{
	ruleset const r = handled(version, connects);
	int rules = (int)syscall(SYS_landlock_create_ruleset, &r, sizeof r, 0);
	size_t i;
	int ok = 1;
	int e;

	if (rules < 0)
		return 0;
	for (i = 0; i < n && ok; i++)
		ok = add(rules, r.fs, paths + i);
	if (ok && connects && r.net)
		ok = allow_any_port(rules);
	if (ok)
		ok = syscall(SYS_landlock_restrict_self, rules, 0) == 0;
	e = errno;
	close(rules);
	errno = e;
	return ok;
}
