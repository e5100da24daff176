/* SPDX-License-Identifier: ISC */

#include "unit.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <cdb.h>

#include "home.h"
#include "recipient/fresh.h"
#include "smtpd/known.h"

char const *PROG = "known_test";

/* The clock of the system is that much ahead of the files, for us. */
static int ahead;

int clock_gettime(clockid_t which, struct timespec *t)
{
	int r = (int)syscall(SYS_clock_gettime, which, t);

	t->tv_sec += ahead;
	return r;
}

static void put_list(char const *file, char const *key)
{
	struct cdb_make m;
	int fd = unit_create(file);

	cdb_make_start(&m, fd);
	assert_int_equal(cdb_make_add(&m, key, (unsigned int)strlen(key), "", 0), 0);
	assert_int_equal(cdb_make_finish(&m), 0);
	close(fd);
}

static known_verdict check(known_lists *k, char const *address)
{
	stralloc notes = STRALLOC_ZERO;
	known_verdict v = known_check(k, address, strlen(address), &notes);

	/* Nothing has to be mended. */
	assert_int_equal(notes.len, 0);
	stralloc_free(&notes);
	return v;
}

/* A session that begins while an editor has emptied the file, or has written half of it. */
static void half_a_file(void **state)
{
	known_lists k = KNOWN_LISTS_ZERO;

	(void)state;
	put_list("users/a.cdb", ":x@a.example");
	ahead = 0;
	unit_write("control/recipients", "");
	assert_int_equal(check(&k, "x@a.example"), KNOWN_YES);
	unit_write("control/recipients", "@b.example:users/b.cdb\n");
	assert_int_equal(check(&k, "x@a.example"), KNOWN_YES);
	unit_write("control/recipients", "@b.example:users/b.cdb\n@a.example:users/a.cdb\n");
	ahead = FRESH_SECONDS;
	assert_int_equal(check(&k, "x@a.example"), KNOWN_YES);
	assert_int_equal(check(&k, "y@a.example"), KNOWN_NO);
	/* from then on it is as it was */
	unit_write("control/recipients", "");
	assert_int_equal(check(&k, "x@a.example"), KNOWN_YES);
	known_free(&k);
	assert_int_equal(check(&k, "x@a.example"), KNOWN_NO);
	known_free(&k);
}

/* A list that is written in place: what it lacks may be about to come, what it has it has. */
static void half_a_list(void **state)
{
	known_lists k = KNOWN_LISTS_ZERO;

	(void)state;
	unit_write("control/recipients", "@a.example:users/a.cdb\n");
	ahead = FRESH_SECONDS;
	put_list("users/a.cdb", ":x@a.example");
	assert_int_equal(check(&k, "y@a.example"), KNOWN_NO);
	ahead = 0;
	assert_int_equal(check(&k, "y@a.example"), KNOWN_YES);
	assert_int_equal(check(&k, "x@a.example"), KNOWN_YES);
	/* which does not go for the other domains */
	assert_int_equal(check(&k, "x@b.example"), KNOWN_NO);
	ahead = FRESH_SECONDS;
	assert_int_equal(check(&k, "y@a.example"), KNOWN_NO);
	known_free(&k);
}

int main(void)
{
	static struct CMUnitTest const tests[] = {
		cmocka_unit_test(half_a_file),
		cmocka_unit_test(half_a_list),
	};

	return cmocka_run_group_tests(tests, unit_home_make, unit_home_end);
}
