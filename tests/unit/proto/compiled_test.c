/* SPDX-License-Identifier: ISC */

#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/constmap.h"
#include "proto/compiled.h"

static char home[] = "/tmp/compiled_test.XXXXXX";
static char const text[] = "control/virtualdomains";
static char const cdb[] = "control/virtualdomains.cdb";
static char const lines[] = "Example.com:Foo\n.example.com:foo-bar\n# no\n:garply\nno colon\nexample.COM:last\ndomain.com:\na:b:c\n";

static void write_file(char const *file, char const *s, size_t n)
{
	int fd = open(file, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, s, n), (ssize_t)n);
	close(fd);
}

static void set_time(char const *file, long s, long ns)
{
	struct timespec const t[2] = { { .tv_sec = s, .tv_nsec = ns }, { .tv_sec = s, .tv_nsec = ns } };

	assert_int_equal(utimensat(AT_FDCWD, file, t, 0), 0);
}

static void compile_lines(char const *s, char sep)
{
	control_list l = CONTROL_LIST_ZERO;
	int fd = open(cdb, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	assert_true(control_list_parse(&l, s, strlen(s)));
	assert_true(compiled_write(fd, &l, sep));
	close(fd);
	control_list_free(&l);
}

static void expect_list(control_status status, compiled_source source, char sep, char const *joined)
{
	control_list l = CONTROL_LIST_ZERO;
	compiled_source from;
	size_t i;

	assert_int_equal(compiled_readlist(&l, text, 0, sep, &from), status);
	assert_int_equal(from, source);
	for (i = 0; i + 1 < l.entries.len; i++)
		if (!l.entries.s[i])
			l.entries.s[i] = '|';
	assert_string_equal(l.n ? l.entries.s : "", joined);
	control_list_free(&l);
}

static int tidy(void **state)
{
	(void)state;
	unlink(text);
	unlink(cdb);
	return 0;
}

static char const as_read[] = "example.com:last|.example.com:foo-bar|:garply|domain.com:|a:b:c";

static void there_and_back(void **state)
{
	(void)state;
	compile_lines(lines, ':');
	expect_list(CONTROL_READ, COMPILED_CDB, ':', as_read);
	compile_lines("b\nA\na\n.c\n", 0);
	expect_list(CONTROL_READ, COMPILED_CDB, 0, "b|a|.c");
	compile_lines("", 0);
	expect_list(CONTROL_READ, COMPILED_CDB, 0, "");
}

static void newer_counts(void **state)
{
	(void)state;
	expect_list(CONTROL_ABSENT, COMPILED_TEXT, ':', "");
	compile_lines(lines, ':');
	write_file(text, "x:y\n", 4);
	set_time(text, 1000, 500);
	set_time(cdb, 1000, 500);
	expect_list(CONTROL_READ, COMPILED_TEXT, ':', "x:y");
	set_time(cdb, 1000, 501);
	expect_list(CONTROL_READ, COMPILED_CDB, ':', as_read);
	set_time(text, 1001, 0);
	expect_list(CONTROL_READ, COMPILED_TEXT, ':', "x:y");
	unlink(text);
	expect_list(CONTROL_READ, COMPILED_CDB, ':', as_read);
	assert_int_equal(mkdir(text, 0755), 0);
	set_time(cdb, 1000, 0);
	expect_list(CONTROL_ERROR, COMPILED_TEXT, ':', "");
	rmdir(text);
}

/* Every byte of the records, each cut: never other entries than those that were written. */
static void damaged(void **state)
{
	/* where the records end and the tables start, which are not for lists */
	enum { END = 2048 + 94 + 17 };
	static char good[10000];
	static char bad[10000];
	int fd;
	size_t n;
	size_t i;

	(void)state;
	compile_lines(lines, ':');
	fd = open(cdb, O_RDONLY | O_CLOEXEC);
	n = (size_t)read(fd, good, sizeof good);
	close(fd);
	assert_true(n > 2048 && n < sizeof good);
	write_file(text, "x:y\n", 4);
	for (i = 2048; i < n; i++) {
		control_list l = CONTROL_LIST_ZERO;
		compiled_source from;

		memcpy(bad, good, n);
		bad[i] = (char)(bad[i] ^ 0x20);
		write_file(cdb, bad, n);
		set_time(text, 1000, 0);
		assert_int_equal(compiled_readlist(&l, text, 0, ':', &from), CONTROL_READ);
		assert_int_equal(l.n, from == COMPILED_CDB ? 5 : 1);
		assert_int_equal(from, i < END ? COMPILED_DAMAGED : COMPILED_CDB);
		control_list_free(&l);
	}
	for (i = 0; i < END; i += i < 2040 ? 100 : 1) {
		write_file(cdb, good, i);
		set_time(text, 1000, 0);
		expect_list(CONTROL_READ, COMPILED_DAMAGED, ':', "x:y");
	}
	unlink(text);
	expect_list(CONTROL_ERROR, COMPILED_DAMAGED, ':', "");
	unlink(cdb);
	assert_int_equal(mkdir(cdb, 0755), 0);
	expect_list(CONTROL_ERROR, COMPILED_DAMAGED, ':', "");
	rmdir(cdb);
}

int main(void)
{
	static struct CMUnitTest const tests[] = {
		cmocka_unit_test_teardown(there_and_back, tidy),
		cmocka_unit_test_teardown(newer_counts, tidy),
		cmocka_unit_test_teardown(damaged, tidy),
	};
	int failed;

	if (!mkdtemp(home) || chdir(home) < 0 || mkdir("control", 0755) < 0)
		return 111;
	failed = cmocka_run_group_tests(tests, 0, 0);
	if (chdir("/") == 0 && chdir(home) == 0) {
		rmdir("control");
		rmdir(home);
	}
	return failed;
}
