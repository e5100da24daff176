/* SPDX-License-Identifier: ISC */

#include "unit.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <cdb.h>

#include "home.h"
#include "proto/report.h"
#include "proto/users.h"
#include "recipient/identify.h"
#include "recipient/lastresort.h"

static void switched(void **state)
{
	static struct { char const *text; int wanted; } const rows[] = {
		{ "1\n", 1 }, { "0\n", 0 }, { "7", 1 }, { "", 0 }, { "yes\n", 0 }, { "00\n", 0 },
	};
	size_t i;

	(void)state;
	assert_int_equal(lastresort_wanted(), 0);
	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		unit_write(lastresort_file, rows[i].text);
		assert_int_equal(lastresort_wanted(), rows[i].wanted);
	}
	unlink(lastresort_file);
	assert_int_equal(mkdir(lastresort_file, 0755), 0);
	assert_int_equal(lastresort_wanted(), -1);
	assert_int_equal(errno, EISDIR);
	rmdir(lastresort_file);
}

static void put_record(char const *data, size_t n)
{
	int fd = unit_create("users/cdb");
	struct cdb_make c;

	assert_int_equal(cdb_make_start(&c, fd), 0);
	assert_int_equal(cdb_make_add(&c, "!", 1, data, (unsigned int)n), 0);
	assert_int_equal(cdb_make_add(&c, "", 0, "", 0), 0);
	assert_int_equal(cdb_make_finish(&c), 0);
	close(fd);
}

/* What is nobody's is the extension, behind what the line for the empty prefix has. */
static void whole_address(void **state)
{
	static char const plain[] = "alias\0" "1001\0" "1001\0" "/alias\0" "-\0";
	static char const with_ext[] = "alias\0" "1001\0" "1001\0" "/alias\0" "-\0" "pre-";
	stralloc record = STRALLOC_ZERO;
	users_record r;
	char const *source;

	(void)state;
	put_record(plain, sizeof plain - 1);
	assert_int_equal(lastresort_user(&record, "foo-x", 0, &source), 0);
	assert_ptr_equal(source, identify_cdb);
	assert_int_equal(users_record_parse(&r, record.s, record.len), USERS_RECORD_OK);
	assert_string_equal(r.ext, "foo-x");
	assert_string_equal(r.dash, "-");
	assert_string_equal(r.home, "/alias");
	put_record(with_ext, sizeof with_ext - 1);
	assert_int_equal(lastresort_user(&record, "foo-x", 0, &source), 0);
	assert_int_equal(users_record_parse(&r, record.s, record.len), USERS_RECORD_OK);
	assert_string_equal(r.ext, "pre-foo-x");
	stralloc_free(&record);
}

/* A mistake is left for the caller to see, trouble is an exit code. */
static void mistakes(void **state)
{
	static char const root[] = "root\0" "0\0" "0\0" "/root\0" "-\0";
	stralloc record = STRALLOC_ZERO;
	users_record r;
	char const *source;

	(void)state;
	put_record(root, sizeof root - 1);
	assert_int_equal(lastresort_user(&record, "foo-x", 0, &source), 0);
	assert_int_equal(users_record_parse(&r, record.s, record.len), USERS_RECORD_ROOT);
	put_record("alias", 5);
	assert_int_equal(lastresort_user(&record, "foo-x", 0, &source), 0);
	assert_int_equal(users_record_parse(&r, record.s, record.len), USERS_RECORD_DAMAGED);
	unit_write("users/cdb", "junk");
	assert_int_equal(lastresort_user(&record, "foo-x", 0, &source), REPORT_CDB);
	stralloc_free(&record);
}

int main(void)
{
	static struct CMUnitTest const tests[] = {
		cmocka_unit_test(switched),
		cmocka_unit_test(whole_address),
		cmocka_unit_test(mistakes),
	};

	return cmocka_run_group_tests(tests, unit_home_make, unit_home_end);
}
