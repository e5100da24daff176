/* SPDX-License-Identifier: ISC */

#include "unit.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <skalibs/djbunix.h>

#include "send/controls.h"
#include "send/delivery.h"
#include "send/queuefile.h"

/* We are the spawner, and read the log. */
static char dir[] = "/tmp/delivery_test.XXXXXX";
static int log_fd, commands, reports;

static int set_up(void **state)
{
	int l[2], c[2], r[2];

	(void)state;
	signal(SIGPIPE, SIG_IGN);
	if (!mkdtemp(dir) || chdir(dir) < 0 || mkdir("mess", 0700) < 0 || mkdir("mess/0", 0700) < 0 || mkdir("local", 0700) < 0
	 || mkdir("local/0", 0700) < 0 || mkdir("bounce", 0700) < 0 || !queuefile_detect())
		return -1;
	if (pipe(l) < 0 || pipe(c) < 0 || pipe(r) < 0 || dup2(l[1], 0) < 0)
		return -1;
	log_fd = l[0];
	commands = c[0];
	reports = r[1];
	fcntl(log_fd, F_SETFL, O_NONBLOCK);
	job_init(3);
	return delivery_init(CHANNEL_LOCAL, c[1], r[0], 3) ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	return chdir("/") == 0 && rm_rf(dir) == 0 ? 0 : -1;
}

static char const *turn_once(void)
{
	static char s[8192];
	ssize_t n;
	turn t;

	turn_start(&t);
	delivery_selprep(&t);
	poll(t.fds, t.n, 1000);
	delivery_do(&t);
	n = read(log_fd, s, sizeof s - 1);
	s[n > 0 ? n : 0] = 0;
	return s;
}

/* The record at offset of local/0/5, of which there are three. */
static void expect_marks(char const *want)
{
	char s[64];
	int fd = open("local/0/5", O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(read(fd, s, sizeof s), 15);
	assert_int_equal(s[0], want[0]);
	assert_int_equal(s[5], want[1]);
	assert_int_equal(s[10], want[2]);
	close(fd);
}

/* What was put in the place of the notes is no reason to forget the recipient, nor to stop. */
static void failure_that_cannot_be_noted(job *j)
{
	assert_int_equal(mkdir("bounce/5", 0700), 0);
	assert_int_equal(write(reports, "\1Dno\n", 6), 6);
	assert_non_null(strstr(turn_once(), "delivery 2: failure: no/\n"));
	expect_marks("TTT");
	assert_int_equal(j->left, 3);
	assert_int_equal(rmdir("bounce/5"), 0);
}

/* A spawner that takes no more commands may have carried out those before: its reports count. */
static void deaf_spawner(void **state)
{
	job *j = job_open(5, CHANNEL_LOCAL);
	char s[256];

	(void)state;
	assert_non_null(j);
	assert_true(openwritenclose_unsafe("local/0/5", "Ta@b\0Tc@d\0Te@f", 15));
	j->left = 3;
	delivery_start(j, 0, "a@b", 3);
	delivery_start(j, 5, "c@d", 3);
	turn_once();
	assert_true(read(commands, s, sizeof s) > 0);
	failure_that_cannot_be_noted(j);
	assert_true(delivery_open(CHANNEL_LOCAL));
	close(commands);
	delivery_start(j, 10, "e@f", 3);
	assert_true(turn_stopping());
	assert_false(delivery_open(CHANNEL_LOCAL));
	assert_false(delivery_available(CHANNEL_LOCAL));
	assert_non_null(strstr(turn_once(), "alert: oh no! lost spawn connection! dying...\n"));
	assert_false(delivery_idle());
	assert_int_equal(write(reports, "\0Kok\n", 6), 6);
	assert_non_null(strstr(turn_once(), "delivery 1: success: ok/\n"));
	expect_marks("DTT");
	close(reports);
	assert_null(strstr(turn_once(), "alert"));
	assert_true(delivery_idle());
	expect_marks("DTT");
}

int main(void)
{
	static struct CMUnitTest const tests[] = {
		cmocka_unit_test(deaf_spawner),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
