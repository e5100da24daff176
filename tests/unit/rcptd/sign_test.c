/* SPDX-License-Identifier: ISC */

#include "unit.h"

#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#include "home.h"
#include "rcptd/sign.h"

char const *PROG = "sign_test";

enum { LONG = 10000 };

static char const mutex[] = "queue/lock/sendmutex";
static int held = -1;
static int64_t now = 1;

/* We are the one that holds the lock, or nobody does. */
static void hold(int wanted)
{
	if (held >= 0)
		close(held);
	held = -1;
	if (!wanted)
		return;
	held = open(mutex, O_WRONLY | O_CLOEXEC);
	assert_true(held >= 0);
	assert_int_equal(flock(held, LOCK_EX | LOCK_NB), 0);
}

static void give_sign(void)
{
	struct timespec times[2];

	unit_let_pass();
	clock_gettime(CLOCK_REALTIME, times);
	times[1] = times[0];
	assert_int_equal(utimensat(AT_FDCWD, mutex, times, 0), 0);
	unit_let_pass();
}

static void expect(int covers)
{
	now += LONG;
	assert_int_equal(sign_covers(now), covers);
}

static int make(void **state)
{
	if (unit_home_make(state) < 0 || mkdir("queue", 0755) < 0 || mkdir("queue/lock", 0755) < 0)
		return -1;
	unit_write("control/virtualdomains", "a.example:foo\n");
	unit_write("control/old", "a.example:foo\n");
	return 0;
}

static int begin(void **state)
{
	(void)state;
	unit_write(mutex, "");
	hold(1);
	give_sign();
	return 0;
}

/* Each that a HUP has read again, and more than a minute later. */
static void changed(void **state)
{
	static char const *const files[] = { "control/locals", "control/virtualdomains", "control/locals.cdb",
		"control/virtualdomains.cdb", "control/emptyprefixlocal" };
	size_t i;

	(void)state;
	expect(1);
	for (i = 0; i < sizeof files / sizeof *files; i++) {
		unit_write(files[i], "x\n");
		expect(0);
		now += 3600 * 1000;
		expect(0);
		give_sign();
		expect(1);
	}
	unit_write("control/rcpthosts", "x\n");
	expect(1);
}

static void gone(void **state)
{
	(void)state;
	unit_write("control/locals", "x\n");
	give_sign();
	expect(1);
	unit_let_pass();
	assert_int_equal(unlink("control/locals"), 0);
	expect(0);
	expect(0);
	give_sign();
	expect(1);
}

/* Old as what it leads to may be. */
static void links(void **state)
{
	(void)state;
	assert_int_equal(unlink("control/virtualdomains"), 0);
	assert_int_equal(symlink("old", "control/virtualdomains"), 0);
	expect(0);
	give_sign();
	expect(1);
	assert_int_equal(unlink("control/virtualdomains"), 0);
	unit_write("control/virtualdomains", "a.example:foo\n");
	give_sign();
	expect(1);
}

/* A file that is read at the start only: a sign of later does not tell of it. We have been running for a while. */
static void at_the_start(void **state)
{
	(void)state;
	unit_write("control/percenthack", "a.example\n");
	give_sign();
	expect(0);
	hold(0);
	/* nobody runs: what is older than the last sign was there at some start, or will be */
	expect(1);
	assert_int_equal(unlink("control/percenthack"), 0);
}

/* One that gives no sign: its mutex is older than it. */
static void silent(void **state)
{
	struct timespec const old[2] = { { .tv_sec = 1000 }, { .tv_sec = 1000 } };

	(void)state;
	assert_int_equal(utimensat(AT_FDCWD, mutex, old, 0), 0);
	unit_write("control/locals", "x\n");
	expect(1);
	/* and when it does not run nobody knows of what make it is */
	hold(0);
	expect(0);
	assert_int_equal(unlink(mutex), 0);
	expect(1);
	unlink("control/locals");
}

static void from_the_future(void **state)
{
	struct timespec times[2];

	(void)state;
	clock_gettime(CLOCK_REALTIME, times);
	times[0].tv_sec += 3600;
	times[1] = times[0];
	assert_int_equal(utimensat(AT_FDCWD, mutex, times, 0), 0);
	expect(0);
}

static void lines(void **state)
{
	static struct { char const *line; pid_t pid; int same; } const rows[] = {
		{ "4: FLOCK  ADVISORY  WRITE 5068 fe:01:11117894 0 EOF\n", 5068, 1 },
		{ "4: FLOCK  ADVISORY  WRITE 5068 fe:02:11117894 0 EOF\n", 5068, 0 },
		{ "4: FLOCK  ADVISORY  WRITE 5068 fe:01:11117895 0 EOF\n", 0, 0 },
		{ "4: FLOCK  ADVISORY  READ 5068 fe:01:11117894 0 EOF\n", 0, 0 },
		{ "4: POSIX  ADVISORY  WRITE 5068 fe:01:11117894 0 EOF\n", 0, 0 },
		{ "4: -> FLOCK  ADVISORY  WRITE 5068 fe:01:11117894 0 EOF\n", 0, 0 },
		{ "4: FLOCK  ADVISORY  WRITE 0 fe:01:11117894 0 EOF\n", 0, 0 },
		{ "4: FLOCK  ADVISORY  WRITE", 0, 0 }, { "", 0, 0 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof rows / sizeof *rows; i++) {
		int same = 0;

		print_message("%s\n", rows[i].line);
		assert_int_equal(sign_lock_owner(rows[i].line, makedev(0xfe, 1), 11117894, &same), rows[i].pid);
		assert_int_equal(same, rows[i].same);
	}
}

static int end(void **state)
{
	hold(0);
	return unit_home_end(state);
}

int main(void)
{
	static struct CMUnitTest const tests[] = {
		cmocka_unit_test_setup(changed, begin),
		cmocka_unit_test_setup(gone, begin),
		cmocka_unit_test_setup(links, begin),
		cmocka_unit_test_setup(at_the_start, begin),
		cmocka_unit_test_setup(silent, begin),
		cmocka_unit_test_setup(from_the_future, begin),
		cmocka_unit_test(lines),
	};

	/* what there is now is older than we */
	unit_let_pass();
	return cmocka_run_group_tests(tests, make, end);
}
