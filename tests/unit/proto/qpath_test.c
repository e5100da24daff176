/* SPDX-License-Identifier: ISC */

#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <skalibs/djbunix.h>

#include "proto/qpath.h"

static void names(void **state)
{
	static qpath_layout const flat = { .split = 23, .big_todo = 0 };
	static qpath_layout const big = { .split = 1, .big_todo = 1 };
	char s[QPATH_FMT];

	(void)state;
	assert_int_equal(qpath_fmt(s, &flat, QPATH_MESS, 100), 10);
	assert_string_equal(s, "mess/8/100");
	qpath_fmt(s, &flat, QPATH_TODO, 100);
	assert_string_equal(s, "todo/100");
	qpath_fmt(s, &flat, QPATH_BOUNCE, UINT64_MAX);
	assert_string_equal(s, "bounce/18446744073709551615");
	qpath_fmt(s, &flat, QPATH_REMOTE, 22);
	assert_string_equal(s, "remote/22/22");
	qpath_fmt(s, &big, QPATH_INTD, 7);
	assert_string_equal(s, "intd/0/7");
	qpath_dir_fmt(s, &flat, QPATH_INFO, 24);
	assert_string_equal(s, "info/1");
	qpath_dir_fmt(s, &flat, QPATH_BOUNCE, 24);
	assert_string_equal(s, "bounce");
	qpath_mess_fmt(s, &flat, 24);
	assert_string_equal(s, "1/24");
}

static void numbers(void **state)
{
	static char const *const bad[] = { "", "x", "12x", "x12", "-1", "+1", " 1", "1 ", "18446744073709551616",
		"99999999999999999999999999999999", "00123", "00", "01" };
	uint64_t id = 5;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		print_message("'%s'\n", bad[i]);
		assert_false(qpath_scan(bad[i], &id));
	}
	assert_true(qpath_scan("18446744073709551615", &id));
	assert_true(id == UINT64_MAX);
	assert_true(qpath_scan("0", &id));
	assert_true(id == 0);
}

static void detect(void **state)
{
	char dir[] = "/tmp/qpath_test.XXXXXX";
	qpath_layout l;
	int i;

	(void)state;
	assert_non_null(mkdtemp(dir));
	assert_int_equal(chdir(dir), 0);
	assert_false(qpath_detect(&l));
	assert_int_equal(errno, ENOENT);
	mkdir("mess", 0700);
	mkdir("todo", 0700);
	for (i = 0; i < 5; i++) {
		char name[16];

		snprintf(name, sizeof name, "mess/%d", i);
		mkdir(name, 0700);
	}
	assert_true(qpath_detect(&l));
	assert_int_equal(l.split, 5);
	assert_false(l.big_todo);
	mkdir("todo/0", 0700);
	assert_true(qpath_detect(&l));
	assert_true(l.big_todo);
	assert_int_equal(chdir("/"), 0);
	rm_rf(dir);
}

static void make_dirs(unsigned int n)
{
	char name[16];

	mkdir("mess", 0700);
	mkdir("todo", 0700);
	while (n > 0) {
		snprintf(name, sizeof name, "mess/%u", --n);
		mkdir(name, 0700);
	}
}

/* A directory that cannot be looked at is not one that is not there: a wrong split would put accepted mail
 * where qmail-send never looks. A link that leads to itself stands for a disk in trouble. */
static void detect_trouble(void **state)
{
	static char const *const rows[] = { "mess/22", "mess/23", "todo/0" };
	char dir[] = "/tmp/qpath_test.XXXXXX";
	qpath_layout l;
	size_t i;

	(void)state;
	assert_non_null(mkdtemp(dir));
	assert_int_equal(chdir(dir), 0);
	make_dirs(23);
	assert_true(qpath_detect(&l));
	assert_int_equal(l.split, 23);
	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		print_message("%s\n", rows[i]);
		rmdir(rows[i]);
		assert_int_equal(symlink("loop", "loop"), 0);
		assert_int_equal(symlink("../loop", rows[i]), 0);
		errno = 0;
		assert_false(qpath_detect(&l));
		assert_int_equal(errno, ELOOP);
		unlink(rows[i]);
		unlink("loop");
		if (i == 0)
			mkdir(rows[i], 0700);
	}
	/* A file in the way ends the row, as it always did. */
	fclose(fopen("mess/23", "w"));
	assert_true(qpath_detect(&l));
	assert_int_equal(l.split, 23);
	assert_int_equal(chdir("/"), 0);
	rm_rf(dir);
}

int main(void)
{
	static struct CMUnitTest const tests[] = {
		cmocka_unit_test(names),
		cmocka_unit_test(numbers),
		cmocka_unit_test(detect),
		cmocka_unit_test(detect_trouble),
	};

	return cmocka_run_group_tests(tests, 0, 0);
}
