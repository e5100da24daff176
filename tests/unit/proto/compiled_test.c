/* SPDX-License-Identifier: ISC */

#include "unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cdb.h>

#include "home.h"
#include "proto/compiled.h"

static char const text[] = "control/virtualdomains";
static char const cdb[] = "control/virtualdomains.cdb";
static char const lines[] = "Example.com:Foo\n.example.com:foo-bar\n# no\n:garply\nno colon\nexample.COM:last\ndomain.com:\na:b:c\n";

static void set_time(char const *file, long s, long ns)
{
	struct timespec const t[2] = { { .tv_sec = s, .tv_nsec = ns }, { .tv_sec = s, .tv_nsec = ns } };

	assert_int_equal(utimensat(AT_FDCWD, file, t, 0), 0);
}

/* As qmail-newcdb does; the text that was there counts for its time and size. */
static void compile_lines(char const *s, char sep)
{
	control_list l = CONTROL_LIST_ZERO;
	struct stat st;
	int fd = unit_create(cdb);

	if (stat(text, &st) < 0)
		st = (struct stat){ .st_size = 0 };
	assert_true(control_list_parse(&l, s, strlen(s)));
	unit_let_pass();
	assert_true(compiled_write(fd, &l, sep, &st));
	close(fd);
	control_list_free(&l);
	if (st.st_size)
		set_time(cdb, st.st_mtim.tv_sec, st.st_mtim.tv_nsec + 1);
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

/* A cdb of ours counts as long as the text is the one that it is made of. */
static void made_of_the_text(void **state)
{
	(void)state;
	expect_list(CONTROL_ABSENT, COMPILED_TEXT, ':', "");
	unit_write(text, "x:y\n");
	set_time(text, 1000, 500);
	compile_lines(lines, ':');
	expect_list(CONTROL_READ, COMPILED_CDB, ':', as_read);
	/* a disk that keeps no nanoseconds */
	set_time(cdb, 1000, 500);
	expect_list(CONTROL_READ, COMPILED_CDB, ':', as_read);
	set_time(cdb, 1000, 499);
	expect_list(CONTROL_READ, COMPILED_TEXT, ':', "x:y");
	/* newer than a text that it is not made of */
	set_time(text, 1001, 0);
	set_time(cdb, 2000, 0);
	expect_list(CONTROL_READ, COMPILED_TEXT, ':', "x:y");
	unlink(text);
	expect_list(CONTROL_READ, COMPILED_CDB, ':', as_read);
	assert_int_equal(mkdir(text, 0755), 0);
	set_time(cdb, 1000, 0);
	expect_list(CONTROL_ERROR, COMPILED_TEXT, ':', "");
	rmdir(text);
}

/* A text that is put back, with the time that it had (cp -p, mv, rsync), is older than the cdb; or looks like the one that the
 * cdb is made of. */
static void put_back(void **state)
{
	(void)state;
	unit_write(text, "new:er\n");
	compile_lines("new:er\n", ':');
	unit_let_pass();
	unit_write("control/saved", "o:ld\n");
	set_time("control/saved", 1000, 0);
	assert_int_equal(rename("control/saved", text), 0);
	expect_list(CONTROL_READ, COMPILED_TEXT, ':', "o:ld");
	compile_lines("o:ld\n", ':');
	expect_list(CONTROL_READ, COMPILED_CDB, ':', "o:ld");
	unit_let_pass();
	unit_write(text, "n:ew\n");
	set_time(text, 1000, 0);
	expect_list(CONTROL_READ, COMPILED_TEXT, ':', "n:ew");
}

typedef struct pair { char const *key, *data; } pair;

/* By another program, without the records of ours. */
static void make_foreign(pair const *p, size_t n)
{
	struct cdb_make c;
	int fd = unit_create(cdb);
	size_t i;

	unit_let_pass();
	assert_int_equal(cdb_make_start(&c, fd), 0);
	for (i = 0; i < n; i++)
		assert_int_equal(cdb_make_add(&c, p[i].key, (unsigned int)strlen(p[i].key), p[i].data, (unsigned int)strlen(p[i].data)), 0);
	assert_int_equal(cdb_make_finish(&c), 0);
	close(fd);
}

static void from_another_program(void **state)
{
	static pair const two[] = { { "example.com", "foo" }, { ".example.com", "foo-bar" } };
	static pair const sets[] = { { "b.example", "" }, { "a.example", "" } };
	static pair const odd[] = { { "", "x" } };

	(void)state;
	make_foreign(two, 2);
	expect_list(CONTROL_READ, COMPILED_CDB, ':', "example.com:foo|.example.com:foo-bar");
	unit_write(text, "x:y\n");
	expect_list(CONTROL_READ, COMPILED_TEXT, ':', "x:y");
	make_foreign(two, 2);
	expect_list(CONTROL_READ, COMPILED_CDB, ':', "example.com:foo|.example.com:foo-bar");
	/* newer as to its contents, but the text was put there after it */
	unit_let_pass();
	set_time(text, 1000, 0);
	expect_list(CONTROL_READ, COMPILED_TEXT, ':', "x:y");
	/* and the other way round */
	make_foreign(two, 2);
	set_time(cdb, 1000, 0);
	expect_list(CONTROL_READ, COMPILED_TEXT, ':', "x:y");
	set_time(cdb, 1000, 1);
	expect_list(CONTROL_READ, COMPILED_CDB, ':', "example.com:foo|.example.com:foo-bar");
	make_foreign(0, 0);
	expect_list(CONTROL_READ, COMPILED_CDB, ':', "");
	make_foreign(odd, 1);
	expect_list(CONTROL_READ, COMPILED_CDB, ':', ":x");
	expect_list(CONTROL_READ, COMPILED_DAMAGED, 0, "x:y");
	make_foreign(sets, 2);
	expect_list(CONTROL_READ, COMPILED_CDB, 0, "b.example|a.example");
}

/* What ends early is not half a list. */
static void foreign_cut(void **state)
{
	static pair const two[] = { { "example.com", "foo" }, { ".example.com", "foo-bar" } };
	static char good[3000];
	size_t n;
	size_t i;
	int fd;

	(void)state;
	unit_write(text, "x:y\n");
	make_foreign(two, 2);
	fd = open(cdb, O_RDONLY | O_CLOEXEC);
	n = (size_t)read(fd, good, sizeof good);
	close(fd);
	unit_let_pass();
	for (i = 0; i < n; i += i < 2040 ? 100 : 1) {
		unit_write_bytes(cdb, good, i);
		expect_list(CONTROL_READ, COMPILED_DAMAGED, ':', "x:y");
	}
}

/* Every byte of the records, each cut: never other entries than those that were written. */
static void damaged(void **state)
{
	/* where the records end and the tables start, which are not for lists */
	enum { ORIGIN_END = 2048 + 41, END = ORIGIN_END + 94 + 17 };
	static char good[10000];
	static char bad[10000];
	int fd;
	size_t n;
	size_t i;

	(void)state;
	unit_write(text, "x:y\n");
	set_time(text, 1000, 0);
	compile_lines(lines, ':');
	fd = open(cdb, O_RDONLY | O_CLOEXEC);
	n = (size_t)read(fd, good, sizeof good);
	close(fd);
	assert_true(n > 2048 && n < sizeof good);
	for (i = 2048; i < n; i++) {
		control_list l = CONTROL_LIST_ZERO;
		compiled_source from;

		memcpy(bad, good, n);
		bad[i] = (char)(bad[i] ^ 0x20);
		unit_write_bytes(cdb, bad, n);
		assert_int_equal(compiled_readlist(&l, text, 0, ':', &from), CONTROL_READ);
		assert_int_equal(l.n, from == COMPILED_CDB ? 5 : 1);
		assert_int_equal(from, i < END ? COMPILED_DAMAGED : COMPILED_CDB);
		control_list_free(&l);
	}
	for (i = 0; i < END; i += i < 2040 ? 100 : 1) {
		unit_write_bytes(cdb, good, i);
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
		cmocka_unit_test_teardown(made_of_the_text, tidy),
		cmocka_unit_test_teardown(put_back, tidy),
		cmocka_unit_test_teardown(from_another_program, tidy),
		cmocka_unit_test_teardown(foreign_cut, tidy),
		cmocka_unit_test_teardown(damaged, tidy),
	};

	return cmocka_run_group_tests(tests, unit_home_make, unit_home_end);
}
