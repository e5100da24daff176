/* SPDX-License-Identifier: ISC */

#include "unit.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cdb.h>

#include "base/conf.h"
#include "home.h"
#include "lspawn/deliver.h"

char const *PROG = "deliver_test";

/* The process that looks into a home: as it is, refused by the kernel, or killed before it has looked. */
static enum { LOOK, NO_FORK, KILLED } fate;

pid_t fork(void)
{
	pid_t pid;

	if (fate == NO_FORK)
		return errno = EAGAIN, -1;
	pid = _Fork();
	if (pid == 0 && fate == KILLED)
		raise(SIGKILL);
	return pid;
}

/* The home is where we are. */
int chdir(char const *path)
{
	return strcmp(path, conf_home) == 0 ? 0 : (int)syscall(SYS_chdir, path);
}

static void put_record(struct cdb_make *m, char const *key, unsigned int keylen, char const *record, unsigned int n)
{
	assert_int_equal(cdb_make_add(m, key, keylen, record, n), 0);
}

static int make(void **state)
{
	static char const record[] = "foo\00030001\00030001\000/nowhere/at/all\000-\000";
	static char const alias[] = "alias\00030002\00030002\000/nowhere/alias\000-\000";
	struct cdb_make m;
	int fd;

	if (unit_home_make(state) < 0)
		return -1;
	unit_write("control/aliasfallback", "1\n");
	fd = unit_create("users/cdb");
	cdb_make_start(&m, fd);
	put_record(&m, "", 0, "-", 1);
	put_record(&m, "!foo-", 5, record, sizeof record - 1);
	put_record(&m, "!", 1, alias, sizeof alias - 1);
	assert_int_equal(cdb_make_finish(&m), 0);
	return close(fd);
}

/* The exit code, and what was printed. */
static int deliver(char text[1000])
{
	char recipient[] = "foo-x@a.example";
	int fds[2];
	loop_job job = { .message = 0, .sender = "", .recipient = recipient, .at = 5 };
	ssize_t n;
	int status;
	pid_t pid;

	assert_int_equal(pipe(fds), 0);
	job.output = fds[1];
	pid = _Fork();
	if (pid == 0)
		deliver_run(&job, "/bin/true", "./Mailbox");
	close(fds[1]);
	n = read(fds[0], text, 999);
	text[n > 0 ? n : 0] = 0;
	close(fds[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* If qmail-local went on as foo, mail that alias has a file for would bounce. */
static void unknown(void **state)
{
	char text[1000];

	(void)state;
	for (fate = LOOK; fate <= KILLED; fate++) {
		assert_int_equal(deliver(text), 111);
		assert_non_null(strstr(text, "Unable to see now whether /nowhere/at/all has instructions"));
		assert_non_null(strstr(text, "(#4.3.0)\n"));
	}
}

int main(void)
{
	static struct CMUnitTest const tests[] = {
		cmocka_unit_test(unknown),
	};

	return cmocka_run_group_tests(tests, make, unit_home_end);
}
