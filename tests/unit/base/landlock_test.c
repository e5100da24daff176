/* SPDX-License-Identifier: ISC */

#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/landlock.h"

/* a/file and b/file, and directories c and d; d is a link to e. */
static char root[] = "/tmp/landlock_test.XXXXXX";

static void put(char const *name)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0 && write(fd, "x", 1) == 1);
	close(fd);
}

static int make_files(void **state)
{
	(void)state;
	assert_non_null(mkdtemp(root));
	assert_int_equal(chdir(root), 0);
	assert_int_equal(mkdir("a", 0700) | mkdir("b", 0700) | mkdir("c", 0700) | mkdir("e", 0700), 0);
	assert_int_equal(symlink("e", "d"), 0);
	put("a/file");
	put("b/file");
	put("e/file");
	return 0;
}

static int remove_files(void **state)
{
	static char const *const names[] = { "a/file", "b/file", "c/file", "e/file", "a/new", "c/new", "d" };
	static char const *const dirs[] = { "a", "b", "c", "e" };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof names / sizeof names[0]; i++)
		unlink(names[i]);
	for (i = 0; i < sizeof dirs / sizeof dirs[0]; i++)
		rmdir(dirs[i]);
	return chdir("/") | rmdir(root);
}

static int opens(char const *name, int flags)
{
	int fd = open(name, flags, 0600);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

/* binds: to that port, if not 0; -1: to whichever there is */
static int connects(int binds)
{
	struct sockaddr_in sa = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) },
		.sin_port = htons((uint16_t)(binds > 0 ? binds : binds < 0 ? 0 : 9)) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	int r = binds ? bind(fd, (struct sockaddr *)&sa, sizeof sa) : connect(fd, (struct sockaddr *)&sa, sizeof sa);

	return r == 0 || errno != EACCES;
}

static int reads_a(void) { return opens("a/file", O_RDONLY); }
static int writes_a(void) { return opens("a/file", O_WRONLY); }
static int cuts_a(void) { return opens("a/file", O_WRONLY | O_TRUNC); }
static int reads_b(void) { return opens("b/file", O_RDONLY); }
static int writes_b(void) { return opens("b/file", O_WRONLY); }
static int reads_d(void) { return opens("d/file", O_RDONLY); }
static int lists_a(void) { return opens("a", O_RDONLY | O_DIRECTORY); }
static int lists_root(void) { return opens("/", O_RDONLY | O_DIRECTORY); }
static int makes_a(void) { return opens("a/new", O_WRONLY | O_CREAT | O_EXCL); }
static int makes_b(void) { return opens("b/new", O_WRONLY | O_CREAT | O_EXCL); }
static int removes_a(void) { return unlink("a/file") == 0; }
static int removes_b(void) { return unlink("b/file") == 0; }
static int links_a_to_c(void) { return link("a/file", "c/new") == 0; }
static int moves_a_to_c(void) { return rename("a/file", "c/file") == 0; }
static int moves_a_to_b(void) { return rename("a/file", "b/new") == 0; }
static int mkdirs_a(void) { return mkdir("a/dir", 0700) == 0; }
static int starts_true(void) { return access("/bin/true", X_OK) == 0 && execl("/bin/true", "true", (char *)0) == 0; }
static int connects_tcp(void) { return connects(0); }
static int binds_tcp(void) { return connects(2525); }
static int binds_any(void) { return connects(-1); }
static int kills_parent(void) { return kill(getppid(), 0) == 0; }
static int kills_itself(void) { return kill(getpid(), 0) == 0; }

/* a, b and c with rights of their own */
typedef struct example
{
	char const *name;
	int (*act)(void);
	int works;
	unsigned int a, b, c;
	int version;            /* from which on it is denied */
	int connects;
} example;

#define ALL (LANDLOCK_READ | LANDLOCK_WRITE | LANDLOCK_LIST | LANDLOCK_MAKE | LANDLOCK_REMOVE)
static example const examples[] = {
	{ "read", reads_a, 1, LANDLOCK_READ, 0, 0, 0, 0 },
	{ "read what may be written", reads_a, 0, LANDLOCK_WRITE, 0, 0, 2, 0 },
	{ "write what may be read", writes_a, 0, LANDLOCK_READ, 0, 0, 2, 0 },
	{ "write", writes_a, 1, LANDLOCK_WRITE, 0, 0, 0, 0 },
	{ "cut", cuts_a, 1, LANDLOCK_WRITE, 0, 0, 0, 0 },
	{ "read elsewhere", reads_b, 0, ALL, 0, ALL, 2, 0 },
	{ "write elsewhere", writes_b, 0, ALL, LANDLOCK_READ, ALL, 2, 0 },
	{ "read through a link", reads_d, 1, ALL, 0, 0, 0, 0 },
	{ "list", lists_a, 1, LANDLOCK_LIST, 0, 0, 0, 0 },
	{ "list what may be read", lists_a, 0, LANDLOCK_READ, 0, 0, 2, 0 },
	{ "list the root", lists_root, 0, ALL, ALL, ALL, 2, 0 },
	{ "make", makes_a, 1, LANDLOCK_MAKE | LANDLOCK_WRITE, 0, 0, 0, 0 },
	{ "make elsewhere", makes_b, 0, ALL, LANDLOCK_WRITE, 0, 2, 0 },
	{ "remove", removes_a, 1, LANDLOCK_REMOVE, 0, 0, 0, 0 },
	{ "remove elsewhere", removes_b, 0, ALL, ALL & ~(unsigned int)LANDLOCK_REMOVE, 0, 2, 0 },
	{ "link", links_a_to_c, 1, LANDLOCK_MAKE, 0, LANDLOCK_MAKE, 0, 0 },
	{ "move", moves_a_to_c, 1, ALL, 0, ALL, 0, 0 },
	{ "link to gain rights", links_a_to_c, 0, LANDLOCK_MAKE, 0, LANDLOCK_MAKE | LANDLOCK_READ, 2, 0 },
	{ "move elsewhere", moves_a_to_b, 0, ALL, LANDLOCK_READ, ALL, 2, 0 },
	{ "make a directory", mkdirs_a, 0, ALL, ALL, ALL, 2, 0 },
	{ "start a program", starts_true, 0, ALL, ALL, ALL, 2, 0 },
	{ "bind", binds_tcp, 0, ALL, ALL, ALL, 4, 1 },
	{ "bind to connect", binds_any, 1, 0, 0, 0, 0, 1 },
	{ "bind without leave", binds_any, 0, ALL, ALL, ALL, 4, 0 },
	{ "connect", connects_tcp, 1, 0, 0, 0, 0, 1 },
	{ "connect without leave", connects_tcp, 0, ALL, ALL, ALL, 4, 0 },
	{ "signal", kills_parent, 0, ALL, ALL, ALL, 6, 0 },
	{ "signal to itself", kills_itself, 1, 0, 0, 0, 0, 0 },
};

static void tried_out(void **state)
{
	int const version = landlock_version();
	example const *x;

	(void)state;
	assert_true(version == 0 || version >= 2);
	UNIT_EACH(x, examples) {
		landlock_path const paths[] = { { "a", x->a }, { "b", x->b }, { "c", x->c }, { "d", ALL },
			{ "missing", ALL }, { "a/file", LANDLOCK_WRITE & x->a } };
		pid_t pid;
		int status;

		if (version == 0 || version < x->version)
			continue;
		put("a/file");
		put("b/file");
		unlink("c/new");
		unlink("a/new");
		pid = fork();
		if (pid == 0) {
			if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0
			 || !landlock_restrict(version, paths, sizeof paths / sizeof paths[0], x->connects))
				_exit(2);
			_exit(x->act());
		}
		assert_true(waitpid(pid, &status, 0) == pid);
		if (!WIFEXITED(status) || WEXITSTATUS(status) != x->works)
			fail_msg("%s: %d", x->name, status);
	}
}

/* No descriptor for a path: not restricted without it, but not restricted at all. */
static void path_in_trouble(void **state)
{
	landlock_path const path = { "a", ALL };
	int const version = landlock_version();
	pid_t pid;
	int status;

	(void)state;
	if (version == 0)
		skip();
	pid = fork();
	if (pid == 0) {
		int const next = dup(2);
		struct rlimit const limit = { .rlim_cur = (rlim_t)next + 1, .rlim_max = (rlim_t)next + 1 };

		close(next);
		if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || setrlimit(RLIMIT_NOFILE, &limit) < 0)
			_exit(2);
		if (landlock_restrict(version, &path, 1, 0) || errno != EMFILE)
			_exit(1);
		_exit(opens("b/file", O_RDONLY) ? 0 : 3);
	}
	assert_true(waitpid(pid, &status, 0) == pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
	static struct CMUnitTest const tests[] = {
		cmocka_unit_test(tried_out),
		cmocka_unit_test(path_in_trouble),
	};

	return cmocka_run_group_tests(tests, make_files, remove_files);
}
