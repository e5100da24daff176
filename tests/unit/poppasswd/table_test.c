/* SPDX-License-Identifier: ISC */

#include "poppasswd/table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cdb.h>

#include "unit.h"

static void set(poppasswd_line *l, char const *text)
{
	char const *problem;

	assert_int_equal(poppasswd_parse(l, text, strlen(text), &problem), POPPASSWD_ACCOUNT);
}

static void edits(void **state)
{
	static struct {
		char const *name;
		char const *before;
		table_action action;
		char const *wanted;
		table_status status;
		char const *after;      /* when it is TABLE_OK; else the number of the line */
	} const cases[] = {
		{ "first", "", TABLE_PUT, "a:H:1:1:/a:", TABLE_OK, "a:H:1:1:/a:\n" },
		{ "appended", "# c\nb:B:1:1:/b:\n", TABLE_PUT, "a:H:1:1:/a:", TABLE_OK, "# c\nb:B:1:1:/b:\na:H:1:1:/a:\n" },
		{ "newline missing", "b:B:1:1:/b", TABLE_PUT, "a:H:1:1:/a:", TABLE_OK, "b:B:1:1:/b\na:H:1:1:/a:\n" },
		{ "in place", "b:B:1:1:/b\n\nA:X:9:9:/x:y\n# end\n", TABLE_PUT, "a:H:1:1:/a:", TABLE_OK,
		  "b:B:1:1:/b\n\na:H:1:1:/a:\n# end\n" },
		{ "new password", "aa:Y:1:1:/b:\nA:X:9:9:/x:y\n", TABLE_REPASSWORD, "a:H:1:1:/a:", TABLE_OK,
		  "aa:Y:1:1:/b:\nA:H:9:9:/x:y\n" },
		{ "new password of nobody", "aa:Y:1:1:/b:\n", TABLE_REPASSWORD, "a:H:1:1:/a:", TABLE_ABSENT, 0 },
		{ "removed", "b:B:1:1:/b\na:X:9:9:/x:y\n", TABLE_REMOVE, "a:H:1:1:/a:", TABLE_OK, "b:B:1:1:/b\n" },
		{ "nobody removed", "", TABLE_REMOVE, "a:H:1:1:/a:", TABLE_ABSENT, 0 },
		{ "kept", "b:B:1:1:/b\n#\n", TABLE_KEEP, "a:H:1:1:/a:", TABLE_OK, "b:B:1:1:/b\n#\n" },
		{ "kept nothing", "", TABLE_KEEP, "a:H:1:1:/a:", TABLE_OK, "" },
		{ "bad line", "b:B:1:1:/b\nx\na:X:1:1:/\n", TABLE_PUT, "a:H:1:1:/a:", TABLE_BAD, "2" },
		{ "bad line behind it", "a:X:1:1:/\n\nx", TABLE_PUT, "a:H:1:1:/a:", TABLE_BAD, "3" },
		{ "bad line kept", "x\n", TABLE_KEEP, "a:H:1:1:/a:", TABLE_BAD, "1" },
		{ "twice", "a:X:1:1:/\nb:B:1:1:/b\nA:X:1:1:/\n", TABLE_PUT, "a:H:1:1:/a:", TABLE_TWICE, "3" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		stralloc after = STRALLOC_ZERO;
		table_fault fault = { 0, 0 };
		poppasswd_line l;

		print_message("%s\n", cases[i].name);
		set(&l, cases[i].wanted);
		assert_int_equal(table_edit(&after, cases[i].before, strlen(cases[i].before), cases[i].action, &l, &fault),
			cases[i].status);
		if (cases[i].status == TABLE_OK) {
			assert_int_equal(after.len, strlen(cases[i].after));
			if (after.len)
				assert_memory_equal(after.s, cases[i].after, after.len);
		} else if (cases[i].after) {
			assert_int_equal(fault.line, strtoul(cases[i].after, 0, 10));
		}
		stralloc_free(&after);
	}
}

static table_status compile(int fd, char const *text, table_fault *fault)
{
	assert_int_equal(ftruncate(fd, 0), 0);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	return table_compile(fd, text, strlen(text), fault);
}

static void compilation(void **state)
{
	static char const data[] = "H\0" "1\0" "2\0" "/a\0";
	FILE *f = tmpfile();
	table_fault fault;
	struct cdb c;
	int fd;

	(void)state;
	assert_non_null(f);
	fd = fileno(f);
	assert_int_equal(compile(fd, "# c\nA@B:H:1:2:/a\n\nb:I:1:1:/b:\n", &fault), TABLE_OK);
	assert_int_equal(cdb_init(&c, fd), 0);
	assert_int_equal(cdb_find(&c, "a@b", 3), 1);
	assert_int_equal(cdb_datalen(&c), sizeof data);
	assert_memory_equal(cdb_getdata(&c), data, sizeof data);
	assert_int_equal(cdb_find(&c, "A@B", 3), 0);
	assert_int_equal(cdb_find(&c, "b", 1), 1);
	cdb_free(&c);
	assert_int_equal(compile(fd, "", &fault), TABLE_OK);
	assert_int_equal(cdb_init(&c, fd), 0);
	assert_int_equal(cdb_find(&c, "b", 1), 0);
	cdb_free(&c);
	assert_int_equal(compile(fd, "a:H:1:2:/a\nb:I:1:1:/b:\nB:I:1:1:/b:\nx", &fault), TABLE_TWICE);
	assert_int_equal(fault.line, 3);
	assert_int_equal(compile(fd, "a:H:1:2:/a\nb\n", &fault), TABLE_BAD);
	assert_int_equal(fault.line, 2);
	fclose(f);
	assert_int_equal(table_compile(-1, "a:H:1:2:/a\n", 11, &fault), TABLE_ERROR);
}

int main(void)
{
	static struct CMUnitTest const tests[] = {
		cmocka_unit_test(edits),
		cmocka_unit_test(compilation),
	};

	return cmocka_run_group_tests(tests, 0, 0);
}
