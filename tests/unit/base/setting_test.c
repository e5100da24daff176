/* SPDX-License-Identifier: ISC */

#include "unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/setting.h"

static char home[] = "/tmp/setting_test.XXXXXX";

static void write_file(char const *text)
{
	int fd = open("file", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	assert_int_equal(close(fd), 0);
}

static void noted(stralloc *notes, char const *text)
{
	assert_true(stralloc_0(notes));
	assert_string_equal(notes->s, text);
	notes->len = 0;
}

static struct { char const *text; uint64_t value; char const *note; } const numbers[] = {
	{ "0", 0, "" },
	{ "007", 7, "" },
	{ "7x", 7, "text behind the number; it is not looked at; remove it\n" },
	{ "", 42, "not a number; cure\n" },
	{ "x7", 42, "not a number; cure\n" },
	{ "-1", 42, "not a number; cure\n" },
	{ "18446744073709551614", UINT64_MAX - 1, "" },
	{ "18446744073709551615", UINT64_MAX, "" },
	{ "18446744073709551616", UINT64_MAX, "" },
	{ "184467440737095516150", UINT64_MAX, "" },
};

static void from_a_file(void **state)
{
	stralloc notes = STRALLOC_ZERO;
	uint64_t value = 42;
	char expected[256];
	size_t i;

	(void)state;
	assert_int_equal(setting_number(&notes, &value, "file", "cure"), 1);
	assert_true(value == 42);
	noted(&notes, "");
	for (i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
		write_file(numbers[i].text);
		value = 42;
		assert_int_equal(setting_number(&notes, &value, "file", "cure"), 1);
		assert_true(value == numbers[i].value);
		snprintf(expected, sizeof expected, "%s%s", *numbers[i].note ? "file: line 1: " : "", numbers[i].note);
		noted(&notes, expected);
	}
	unlink("file");
	assert_int_equal(mkdir("file", 0755), 0);
	assert_int_equal(setting_number(&notes, &value, "file", "cure"), 0);
	assert_true(notes.len > 0);
	rmdir("file");
	stralloc_free(&notes);
}

static void file_without_the_variable(void **state)
{
	stralloc notes = STRALLOC_ZERO;
	uint64_t value = 42;

	(void)state;
	write_file("7\n");
	assert_int_equal(setting_override(&notes, &value, "V", 0, "file", "cure"), 1);
	assert_true(value == 7);
	assert_int_equal(setting_override(&notes, &value, "V", "", "file", "cure"), 1);
	assert_true(value == 7);
	unlink("file");
	stralloc_free(&notes);
}

static void from_a_variable(void **state)
{
	stralloc notes = STRALLOC_ZERO;
	uint64_t value;
	char expected[256];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
		value = 42;
		assert_int_equal(setting_override(&notes, &value, "V", numbers[i].text, "file", "cure"), 1);
		assert_true(value == numbers[i].value);
		snprintf(expected, sizeof expected, "%s%s", *numbers[i].note ? "variable V: " : "", numbers[i].note);
		noted(&notes, expected);
	}
	stralloc_free(&notes);
}

static void lists(void **state)
{
	stralloc notes = STRALLOC_ZERO;
	control_list l = CONTROL_LIST_ZERO;
	constmap m = CONSTMAP_ZERO;
	int present;

	(void)state;
	assert_int_equal(setting_list(&notes, &l, &m, &present, "file"), 1);
	assert_false(present);
	constmap_free(&m);
	write_file("");
	assert_int_equal(setting_list(&notes, &l, &m, &present, "file"), 1);
	assert_true(present);
	assert_null(constmap_find(&m, "a", 1));
	constmap_free(&m);
	write_file("a\n#b@\nc\nd@e\nf@\n");
	assert_int_equal(setting_list(&notes, &l, &m, &present, "file"), 1);
	assert_non_null(constmap_find(&m, "A", 1));
	noted(&notes, "");
	setting_useless(&notes, &l, "file", "!", "w", "c");
	noted(&notes, "");
	setting_useless(&notes, &l, "file", "!@", "w", "c");
	noted(&notes, "file: line 4: w; c\n");
	constmap_free(&m);
	unlink("file");
	assert_int_equal(mkdir("file", 0755), 0);
	assert_int_equal(setting_list(&notes, &l, &m, &present, "file"), 0);
	assert_true(notes.len > 0);
	rmdir("file");
	control_list_free(&l);
	stralloc_free(&notes);
}

int main(void)
{
	static struct CMUnitTest const tests[] = {
		cmocka_unit_test(from_a_file),
		cmocka_unit_test(from_a_variable),
		cmocka_unit_test(file_without_the_variable),
		cmocka_unit_test(lists),
	};
	int failed;

	if (!mkdtemp(home) || chdir(home) < 0)
		return 111;
	failed = cmocka_run_group_tests(tests, 0, 0);
	if (chdir("/") == 0)
		rmdir(home);
	return failed;
}
