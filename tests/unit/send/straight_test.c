/* SPDX-License-Identifier: ISC */

#include "unit.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <skalibs/djbunix.h>

#include "send/cleaner.h"
#include "send/delivery.h"
#include "send/queuefile.h"
#include "send/straight.h"

/* We are both spawners, qmail-clean, and the reader of the log. */
static char dir[] = "/tmp/straight_test.XXXXXX";
static int log_fd, commands, reports, requests, replies;

enum { NOW = 1000 };

static int set_up(void **state)
{
	int l[2], c[2], r[2], q[2], a[2];

	(void)state;
	signal(SIGPIPE, SIG_IGN);
	if (!mkdtemp(dir) || chdir(dir) < 0 || mkdir("mess", 0700) < 0 || mkdir("mess/0", 0700) < 0 || !queuefile_detect())
		return -1;
	if (pipe(l) < 0 || pipe(c) < 0 || pipe(r) < 0 || pipe(q) < 0 || pipe(a) < 0 || dup2(l[1], 0) < 0)
		return -1;
	log_fd = l[0];
	commands = c[0];
	reports = r[1];
	requests = q[0];
	replies = a[1];
	fcntl(log_fd, F_SETFL, O_NONBLOCK);
	fcntl(requests, F_SETFL, O_NONBLOCK);
	job_init(4);
	return delivery_init(CHANNEL_LOCAL, c[1], r[0], 2, 2) && cleaner_init(q[1], a[0]) ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	return chdir("/") == 0 && rm_rf(dir) == 0 ? 0 : -1;
}

/* What preprocess_read makes of a message to two local recipients, or n. */
static preprocess *message(uint64_t id, unsigned int n)
{
	static preprocess e;
	int file;

	e.id = id;
	e.small = 1;
	for (file = 0; file < PREPROCESS_FILES; file++) {
		e.records[file].len = 0;
		e.recipients[file] = 0;
		e.fds[file] = -1;
		e.has[file] = 0;
	}
	e.lines.len = 0;
	stralloc_catb(&e.lines, "new\n", 4);
	stralloc_catb(&e.records[PREPROCESS_INFO], "Fs@x", 5);
	e.recipients[PREPROCESS_LOCAL] = n;
	while (n--)
		stralloc_catb(&e.records[PREPROCESS_LOCAL], "Ta@b", 5);
	return &e;
}

static void turn_once(void)
{
	turn t;

	turn_start(&t);
	delivery_selprep(&t);
	cleaner_selprep(&t);
	poll(t.fds, t.n, 0);
	t.now = NOW;
	delivery_do(&t);
	cleaner_do(&t);
	straight_do(&t);
	cleaner_write(&t);
}

static void report(char const *s, size_t n)
{
	assert_int_equal(write(reports, s, n), n);
	turn_once();
}

static void expect_request(char const *want)
{
	char s[64];
	ssize_t n = read(requests, s, sizeof s);

	assert_int_equal(n, want ? (ssize_t)strlen(want) + 1 : -1);
	if (want)
		assert_string_equal(s, want);
}

static void start_two(uint64_t id)
{
	char s[64];

	assert_int_equal(straight_take(message(id, 2), NOW), 1);
	assert_true(straight_has(id));
	assert_true(straight_waits(CHANNEL_LOCAL));
	straight_start(CHANNEL_LOCAL, NOW);
	assert_true(straight_in_midst(CHANNEL_LOCAL));
	straight_start(CHANNEL_LOCAL, NOW);
	assert_false(straight_waits(CHANNEL_LOCAL));
	assert_true(read(commands, s, sizeof s) > 0);
}

static void who_goes_straight(void **state)
{
	preprocess *e;

	(void)state;
	assert_int_equal(straight_take(message(1, 0), NOW), 0);         /* to nobody */
	assert_int_equal(straight_take(message(1, 3), NOW), 0);         /* more than the channel ever takes at once */
	e = message(1, 1);
	e->small = 0;
	assert_int_equal(straight_take(e, NOW), 0);
	e = message(1, 1);
	e->recipients[PREPROCESS_REMOTE] = 1;                           /* that channel is on hold */
	assert_int_equal(straight_take(e, NOW), 0);
	assert_false(straight_has(1));
}

/* todo goes first, and mess when that is known. */
static void success(void **state)
{
	(void)state;
	start_two(5);
	report("\1Kok\0", 5);
	expect_request(0);
	report("\0Kok\0", 5);
	expect_request("todo/5");
	assert_true(straight_has(5));
	assert_int_equal(write(replies, "+", 1), 1);
	turn_once();
	expect_request("foop/5");
	assert_false(straight_has(5));
	assert_int_equal(write(replies, "+", 1), 1);
	turn_once();
	assert_false(straight_busy());
}

/* Who is done is marked in what will be written. */
static void deferral(void **state)
{
	preprocess *e;
	uint64_t id;
	int64_t when;

	(void)state;
	start_two(6);
	report("\0Kok\0", 5);
	assert_null(straight_leaving(NOW));
	report("\1Zno\0", 5);
	assert_true(straight_next(&when) && when <= NOW);
	e = straight_leaving(NOW);
	assert_non_null(e);
	assert_int_equal(e->id, 6);
	assert_memory_equal(e->records[PREPROCESS_LOCAL].s, "Da@b\0Ta@b", 10);
	assert_true(preprocess_waiting(e, PREPROCESS_LOCAL));
	assert_null(straight_leaving(NOW));
	e->has[PREPROCESS_LOCAL] = 1;
	straight_written(e, 1, NOW);
	assert_false(straight_has(6));
	assert_true(schedule_pass_first(CHANNEL_LOCAL, SCHEDULE_RETRY, &when));
	assert_int_equal(when, NOW + 100);
	assert_true(schedule_drain(CHANNEL_LOCAL, &id, &when));
	assert_int_equal(id, 6);
	expect_request(0);
}

/* It leaves while its deliveries are under way; they go on. Writing that fails is tried again later. */
static void too_long(void **state)
{
	preprocess *e;
	uint64_t id;
	int64_t when;

	(void)state;
	start_two(7);
	assert_true(straight_next(&when));
	assert_int_equal(when, NOW + STRAIGHT_SECONDS);
	assert_null(straight_leaving(NOW + STRAIGHT_SECONDS - 1));
	e = straight_leaving(NOW + STRAIGHT_SECONDS);
	assert_non_null(e);
	straight_written(e, 0, NOW);
	assert_null(straight_leaving(NOW + STRAIGHT_SECONDS));
	report("\0Kok\0", 5);
	report("\1Kok\0", 5);
	expect_request(0);
	assert_true(straight_busy());
	assert_false(schedule_drain(CHANNEL_LOCAL, &id, &when));
}

int main(void)
{
	/* One story: the later ones start where the earlier ones end. */
	static struct CMUnitTest const tests[] = {
		cmocka_unit_test(who_goes_straight),
		cmocka_unit_test(success),
		cmocka_unit_test(deferral),
		cmocka_unit_test(too_long),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
