/* SPDX-License-Identifier: ISC */

#include "unit.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <skalibs/djbunix.h>

#include "base/conf.h"
#include "proto/spawn.h"
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
	return delivery_init(CHANNEL_LOCAL, c[1], r[0], 3, 3) ? 0 : -1;
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

/* ---- more than a byte can tell */

static int more_commands, more_reports;
static spawn_request asked = SPAWN_REQUEST_ZERO;

/* The next command, if there is one. */
static int next_command(spawn_request_status want)
{
	static char block[65536];
	static size_t pos, n;
	spawn_request_status st;

	if (pos == n) {
		ssize_t r = read(more_commands, block, sizeof block);

		pos = 0;
		n = r > 0 ? (size_t)r : 0;
	}
	st = spawn_request_feed(&asked, block, n, &pos);
	if (st != SPAWN_REQUEST_MORE)
		assert_int_equal(st, want);
	return st == want;
}

static void start_some(job *j, unsigned int n)
{
	while (n--) {
		assert_true(delivery_available(CHANNEL_REMOTE));
		j->left++;
		delivery_start(j, 0, "a@b", 3);
	}
	turn_once();
}

/* The answer comes; as many as then may be are started, each under a number of its own. */
static void take_offer(char const *answer, size_t n, job *j, unsigned int limit)
{
	static char seen[2000];
	unsigned int under_way = delivery_limit(CHANNEL_REMOTE) - delivery_room(CHANNEL_REMOTE);
	unsigned int i;

	assert_int_equal(write(more_reports, answer, n), n);
	turn_once();
	assert_int_equal(delivery_limit(CHANNEL_REMOTE), limit);
	start_some(j, limit - under_way);
	assert_int_equal(delivery_room(CHANNEL_REMOTE), 0);
	memset(seen, 0, sizeof seen);
	for (i = under_way; i < limit; i++) {
		assert_true(next_command(SPAWN_REQUEST_READY));
		assert_in_range(asked.number, under_way, spawn_highest(limit));
		assert_int_not_equal(asked.number, SPAWN_WIDE);
		assert_int_equal(seen[asked.number]++, 0);
	}
	assert_false(next_command(SPAWN_REQUEST_READY));
}

static void report_on(unsigned int number)
{
	stralloc sa = STRALLOC_ZERO;

	assert_true(spawn_report_put(&sa, number, 'Z', "no", 2));
	assert_int_equal(write(more_reports, sa.s, sa.len), sa.len);
	stralloc_free(&sa);
}

static void offered(char const *answer, size_t n, unsigned int limit)
{
	unsigned int i;
	int l[2], c[2], r[2];
	job *j;

	assert_int_equal(pipe(l) | pipe(c) | pipe(r), 0);
	assert_true(dup2(l[1], 0) == 0);
	close(log_fd);
	log_fd = l[0];
	fcntl(l[0], F_SETFL, O_NONBLOCK);
	fcntl(c[0], F_SETFL, O_NONBLOCK);
	fcntl(l[1], F_SETPIPE_SZ, 1 << 20);
	fcntl(c[1], F_SETPIPE_SZ, 1 << 20);
	more_commands = c[0];
	more_reports = r[1];
	assert_true(delivery_init(CHANNEL_REMOTE, c[1], r[0], conf_spawn, 700));
	j = job_open(7, CHANNEL_REMOTE);
	assert_non_null(j);
	start_some(j, conf_spawn - conf_spawn / 10 - 1);
	for (i = 0; i < conf_spawn - conf_spawn / 10 - 1; i++)
		assert_true(next_command(SPAWN_REQUEST_READY));
	assert_false(next_command(SPAWN_REQUEST_READY));
	start_some(j, 1);
	turn_once();
	assert_true(next_command(SPAWN_REQUEST_READY));
	assert_true(next_command(SPAWN_REQUEST_ASK));
	assert_int_equal(asked.number, 700);
	while (read(log_fd, (char[65536]){ 0 }, 65536) > 0)
		;
	take_offer(answer, n, j, limit);
	/* (asked once) */
	turn_once();
	assert_false(next_command(SPAWN_REQUEST_ASK));
	report_on(spawn_highest(limit));
	report_on(0);
	turn_once();
	assert_int_equal(delivery_room(CHANNEL_REMOTE), 2);
	report_on(255);
	report_on(spawn_highest(limit) + 1 == 255 ? 256 : spawn_highest(limit) + 1);
	report_on(SPAWN_MOST);
	turn_once();
	assert_int_equal(delivery_room(CHANNEL_REMOTE), 2);
	start_some(j, 1);
	assert_true(next_command(SPAWN_REQUEST_READY));
	assert_int_equal(asked.number, 0);
	start_some(j, 1);
	assert_true(next_command(SPAWN_REQUEST_READY));
	assert_int_equal(asked.number, spawn_highest(limit));
	for (i = 0; i <= spawn_highest(limit); i++)
		if (i != SPAWN_WIDE) {
			report_on(i);
			turn_once();
		}
	assert_int_equal(delivery_room(CHANNEL_REMOTE), limit);
	assert_int_equal(j->refs, 1);
	close(more_commands);
	close(c[1]);
	close(r[0]);
	close(r[1]);
}

/* In a process of its own: others have a log and numbers as they are. */
static void try_offers(void)
{
	static char const some[] = "\377O400 descriptors";
	static char const old[] = "\377ZInternal error: delnum too big. (#4.3.5)\n";

	offered("\377O700", 6, 700);
	offered("\377O65000", 8, 700);
	offered(some, sizeof some, 400);
	offered("\377O255", 6, 255);
	offered("\377O256", 6, 256);
	offered(old, sizeof old, conf_spawn);
	offered("\377O5", 4, conf_spawn);
}

static void more_at_once(void **state)
{
	int status;
	pid_t pid = fork();

	(void)state;
	if (pid == 0) {
		try_offers();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

int main(void)
{
	static struct CMUnitTest const tests[] = {
		cmocka_unit_test(more_at_once),
		cmocka_unit_test(deaf_spawner),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
