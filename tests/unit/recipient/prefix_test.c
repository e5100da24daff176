/* SPDX-License-Identifier: ISC */

#include "unit.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <cdb.h>
#include <skalibs/stralloc.h>

#include "home.h"
#include "proto/users.h"
#include "recipient/prefix.h"

/* In the place of the C library's: the disk fails after so many entries; -1: it does not. */
static int entries_left = -1;
static DIR *where;
static struct dirent entry;

struct dirent *readdir(DIR *dir)
{
	static char const *const names[] = { ".", "..", ".qmail-shop-info", 0 };
	static size_t at;

	if (dir != where) {
		where = dir;
		at = 0;
	}
	if (entries_left == 0) {
		errno = EIO;
		return 0;
	}
	entries_left -= entries_left > 0;
	if (!names[at])
		return 0;
	strcpy(entry.d_name, names[at++]);
	return &entry;
}

/* users/cdb of one line, for a directory. */
static void assign(char const *loc, char const *below)
{
	stralloc key = STRALLOC_ZERO;
	stralloc data = STRALLOC_ZERO;
	users_line l;
	struct cdb_make c;
	char line[200];
	int n = snprintf(line, sizeof line, "+%s:u:1001:1001:%s%s:-::", loc, unit_home, below);
	int fd = unit_create("users/cdb");

	assert_int_equal(users_line_parse(&l, line, (size_t)n), USERS_LINE_OK);
	assert_true(users_line_record(&l, &key, &data));
	assert_int_equal(cdb_make_start(&c, fd), 0);
	assert_int_equal(cdb_make_add(&c, key.s, (unsigned int)key.len, data.s, (unsigned int)data.len), 0);
	assert_int_equal(cdb_make_add(&c, "", 0, "-", l.locallen ? 1 : 0), 0);
	assert_int_equal(cdb_make_finish(&c), 0);
	close(fd);
	stralloc_free(&key);
	stralloc_free(&data);
}

static void somebody_has_it(void **state)
{
	(void)state;
	assign("shop-", "");
	assert_int_equal(prefix_judge("shop"), PREFIX_SOMEBODY);
}

static void files_of_who_has_the_rest(void **state)
{
	(void)state;
	assign("", "");
	assert_int_equal(prefix_judge("shop"), PREFIX_SOMEBODY);
	assert_int_equal(prefix_judge("Shop"), PREFIX_SOMEBODY);
	assert_int_equal(prefix_judge("sho"), PREFIX_NOBODY);
	assert_int_equal(prefix_judge("shop-info-x"), PREFIX_NOBODY);
	assign("", "/gone");
	assert_int_equal(prefix_judge("shop"), PREFIX_NOBODY);
}

/* A directory that could not be read to its end is no proof that there is no file. */
static void unreadable(void **state)
{
	int i;

	(void)state;
	assign("", "");
	for (i = 0; i < 3; i++) {
		entries_left = i;
		errno = 0;
		assert_int_equal(prefix_judge("shop"), PREFIX_UNKNOWN);
		assert_int_equal(errno, EIO);
	}
	entries_left = 3;
	assert_int_equal(prefix_judge("shop"), PREFIX_SOMEBODY);
	entries_left = 3;
	assert_int_equal(prefix_judge("other"), PREFIX_UNKNOWN);
	entries_left = -1;
	unit_write("users/cdb", "junk");
	assert_int_equal(prefix_judge("shop"), PREFIX_UNKNOWN);
	assert_int_not_equal(errno, 0);
}

int main(void)
{
	static struct CMUnitTest const tests[] = {
		cmocka_unit_test(somebody_has_it),
		cmocka_unit_test(files_of_who_has_the_rest),
		cmocka_unit_test(unreadable),
	};

	return cmocka_run_group_tests(tests, unit_home_make, unit_home_end);
}
