/* SPDX-License-Identifier: ISC */

#include "unit.h"

#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "home.h"
#include "rcptd/view.h"
#include "recipient/fresh.h"

static view v;
static int64_t now;

/* The clock of the system is that much ahead of the files, for us. */
static int ahead;

int clock_gettime(clockid_t which, struct timespec *t)
{
	int r = (int)syscall(SYS_clock_gettime, which, t);

	t->tv_sec += ahead;
	return r;
}

/* As if whoever asks had waited: for the files by the clock of the system, for all else by ours. */
static void let_settle(void)
{
	ahead = FRESH_SECONDS;
	now += VIEW_LOOK_MILLISECONDS;
	view_refresh(&v, now);
}

/* What is changed is changed now. */
static void put(char const *file, char const *text)
{
	ahead = 0;
	unit_write(file, text);
}

static void expect(view_answer a, char const *address, char const *form)
{
	stralloc out = STRALLOC_ZERO;

	view_refresh(&v, now);
	assert_int_equal(view_rewrite(&v, &out, address, strlen(address), now), a);
	if (form) {
		assert_true(stralloc_0(&out));
		assert_string_equal(out.s, form);
	}
	stralloc_free(&out);
}

static int start(void **state)
{
	(void)state;
	view_free(&v);
	now = 5000;
	put("control/me", "me.example\n");
	put("control/locals", "here.example\n");
	put("control/virtualdomains", "a.example:foo\n");
	return 0;
}

static void routes(void **state)
{
	(void)state;
	let_settle();
	expect(VIEW_LOCAL, "x@here.example", "x@here.example");
	expect(VIEW_LOCAL, "x@a.example", "foo-x@a.example");
	expect(VIEW_REMOTE, "x@b.example", 0);
	expect(VIEW_LOCAL, "x@A.Example", "foo-x@A.Example");
	expect(VIEW_REMOTE, "x", 0);
}

/* A file that is just being written: nothing is said until it has been as it is for two seconds. */
static void half_written(void **state)
{
	(void)state;
	expect(VIEW_DOUBT, "x@a.example", 0);
	let_settle();
	expect(VIEW_LOCAL, "x@a.example", "foo-x@a.example");
	unit_write("control/locals", "");
	/* not looked at again so soon: as before, and whole */
	expect(VIEW_LOCAL, "x@here.example", "x@here.example");
	ahead = 0;
	now += VIEW_LOOK_MILLISECONDS;
	expect(VIEW_DOUBT, "x@here.example", 0);
	expect(VIEW_DOUBT, "x@a.example", 0);
	put("control/locals", "here.example\nthere.example\n");
	now += VIEW_LOOK_MILLISECONDS;
	expect(VIEW_DOUBT, "x@here.example", 0);
	let_settle();
	expect(VIEW_LOCAL, "x@here.example", "x@here.example");
	/* what the last readers of them say still counts */
	expect(VIEW_DOUBT, "x@there.example", 0);
	now += VIEW_BEFORE_MILLISECONDS;
	expect(VIEW_LOCAL, "x@there.example", "x@there.example");
}

/* One that is put aside, and one that is put back, with an old time. */
static void gone_and_back(void **state)
{
	struct timespec const old[2] = { { .tv_sec = 1000 }, { .tv_sec = 1000 } };

	(void)state;
	let_settle();
	expect(VIEW_LOCAL, "x@a.example", "foo-x@a.example");
	ahead = 0;
	assert_int_equal(rename("control/virtualdomains", "control/virtualdomains~"), 0);
	now += VIEW_LOOK_MILLISECONDS;
	expect(VIEW_DOUBT, "x@here.example", 0);
	ahead = 0;
	assert_int_equal(rename("control/virtualdomains~", "control/virtualdomains"), 0);
	now += VIEW_LOOK_MILLISECONDS;
	expect(VIEW_DOUBT, "x@here.example", 0);
	let_settle();
	expect(VIEW_LOCAL, "x@a.example", "foo-x@a.example");
	/* of the same length, and not a bit newer as to its contents */
	put("control/virtualdomains", "a.example:bar\n");
	assert_int_equal(utimensat(AT_FDCWD, "control/virtualdomains", old, 0), 0);
	now += VIEW_LOOK_MILLISECONDS;
	expect(VIEW_DOUBT, "x@a.example", 0);
	let_settle();
	now += VIEW_BEFORE_MILLISECONDS;
	expect(VIEW_LOCAL, "x@a.example", "bar-x@a.example");
	unit_let_pass();
	put("control/virtualdomains", "a.example:baz\n");
	assert_int_equal(utimensat(AT_FDCWD, "control/virtualdomains", old, 0), 0);
	let_settle();
	now += VIEW_BEFORE_MILLISECONDS;
	expect(VIEW_LOCAL, "x@a.example", "baz-x@a.example");
}

/* Between an edit and the HUP for qmail-send: where the two tables disagree. */
static void before_the_hup(void **state)
{
	(void)state;
	let_settle();
	expect(VIEW_REMOTE, "x@b.example", 0);
	put("control/virtualdomains", "a.example:bar\nb.example:foo\n");
	let_settle();
	expect(VIEW_DOUBT, "x@a.example", 0);
	expect(VIEW_DOUBT, "x@b.example", 0);
	expect(VIEW_LOCAL, "x@here.example", "x@here.example");
	/* changed once more: those of the start count until nothing has changed for so long */
	now += VIEW_BEFORE_MILLISECONDS - 2 * VIEW_LOOK_MILLISECONDS;
	expect(VIEW_DOUBT, "x@a.example", 0);
	put("control/virtualdomains", "a.example:baz\n");
	let_settle();
	now += VIEW_BEFORE_MILLISECONDS - 1;
	expect(VIEW_DOUBT, "x@a.example", 0);
	expect(VIEW_REMOTE, "x@b.example", 0);
	now++;
	expect(VIEW_LOCAL, "x@a.example", "baz-x@a.example");
}

static void unreadable(void **state)
{
	(void)state;
	let_settle();
	ahead = 0;
	unlink("control/locals");
	assert_int_equal(mkdir("control/locals", 0755), 0);
	let_settle();
	expect(VIEW_DOUBT, "x@here.example", 0);
	expect(VIEW_DOUBT, "x@a.example", 0);
	assert_string_equal(v.now.unread, "control/locals");
	assert_int_equal(rmdir("control/locals"), 0);
	put("control/locals", "here.example\n");
	let_settle();
	expect(VIEW_LOCAL, "x@here.example", "x@here.example");
	assert_null(v.now.unread);
}

static int end(void **state)
{
	view_free(&v);
	return unit_home_end(state);
}

int main(void)
{
	static struct CMUnitTest const tests[] = {
		cmocka_unit_test_setup(routes, start),
		cmocka_unit_test_setup(half_written, start),
		cmocka_unit_test_setup(gone_and_back, start),
		cmocka_unit_test_setup(before_the_hup, start),
		cmocka_unit_test_setup(unreadable, start),
	};

	return cmocka_run_group_tests(tests, unit_home_make, end);
}
