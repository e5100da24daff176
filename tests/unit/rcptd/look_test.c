/* SPDX-License-Identifier: ISC */

#include "unit.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cdb.h>

#include "home.h"
#include "rcptd/look.h"
#include "recipient/fresh.h"
#include "recipient/mailbox.h"

char const *PROG = "look_test";

/* The first of two looks: as it is, refused by the kernel, or killed before it has looked. */
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

/* Everything was made a while ago. */
int clock_gettime(clockid_t which, struct timespec *t)
{
	int r = (int)syscall(SYS_clock_gettime, which, t);

	t->tv_sec += FRESH_SECONDS;
	return r;
}

static void put_record(struct cdb_make *m, char const *key, char const *user, char const *uid, char const *home)
{
	char record[200];
	int n = snprintf(record, sizeof record, "%s|%s|%s|%s/%s|-|", user, uid, uid, unit_home, home);
	int i;

	for (i = 0; i < n; i++)
		if (record[i] == '|')
			record[i] = 0;
	assert_int_equal(cdb_make_add(m, key, (unsigned int)strlen(key), record, (unsigned int)n), 0);
}

static int make(void **state)
{
	struct cdb_make m;
	int fd;

	if (unit_home_make(state) < 0 || mkdir("foo", 0755) < 0 || mkdir("alias", 0755) < 0)
		return -1;
	unit_write("control/aliasfallback", "1\n");
	unit_write("alias/.qmail-foo-x", "./Mailbox\n");
	unit_write("foo/.qmail-own", "./Mailbox\n");
	unit_write("foo/.qmail-shut", "./Mailbox\n");
	if (chmod("foo/.qmail-shut", 0646) < 0)
		return -1;
	fd = unit_create("users/cdb");
	cdb_make_start(&m, fd);
	assert_int_equal(cdb_make_add(&m, "", 0, "-", 1), 0);
	put_record(&m, "!foo-", "foo", "30001", "foo");
	put_record(&m, "!", "alias", "30002", "alias");
	assert_int_equal(cdb_make_finish(&m), 0);
	return close(fd);
}

static mailbox_verdict look(char const *local)
{
	pid_t pid = _Fork();
	int status;

	if (pid == 0)
		look_run(local);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return mailbox_ended(status);
}

static void by_alias(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	fate = LOOK;
	assert_int_equal(look("foo-own"), MAILBOX_THERE);
	assert_int_equal(look("foo-shut"), MAILBOX_WAITS);
	assert_int_equal(look("foo-x"), MAILBOX_THERE);
	assert_int_equal(look("foo-y"), MAILBOX_NONE);
}

/* When nobody knows whether alias is to be asked, what a second look finds in the home is not the answer. */
static void without_the_first_look(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	for (fate = NO_FORK; fate <= KILLED; fate++) {
		assert_int_equal(look("foo-x"), MAILBOX_UNKNOWN);
		assert_int_equal(look("foo-y"), MAILBOX_UNKNOWN);
	}
}

int main(void)
{
	static struct CMUnitTest const tests[] = {
		cmocka_unit_test(by_alias),
		cmocka_unit_test(without_the_first_look),
	};

	return cmocka_run_group_tests(tests, make, unit_home_end);
}
