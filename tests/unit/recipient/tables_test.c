/* SPDX-License-Identifier: ISC */

#include "unit.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "home.h"
#include "recipient/tables.h"

static char const *const names[] = { "control/locals", "control/locals.cdb", "control/virtualdomains",
	"control/virtualdomains.cdb", "control/percenthack", "control/envnoathost", "control/me", "control/emptyprefixlocal" };

static int clear(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof names / sizeof names[0]; i++)
		if (unlink(names[i]) < 0)
			rmdir(names[i]);
	return 0;
}

static void expect(tables const *r, rewrite_route route, char const *address, char const *form)
{
	stralloc out = STRALLOC_ZERO;

	assert_int_equal(rewrite_address(&r->tables, &out, address, strlen(address)), route);
	assert_true(stralloc_0(&out));
	assert_string_equal(out.s, form);
	stralloc_free(&out);
}

static void all_of_them(void **state)
{
	tables r;

	(void)state;
	unit_write("control/me", "me.example\n");
	unit_write("control/locals", "here.example\n");
	unit_write("control/virtualdomains", "a.example:foo\nempty.example:\n");
	unit_write("control/percenthack", "here.example\n");
	unit_write("control/envnoathost", "a.example\n");
	unit_write("control/emptyprefixlocal", "1\n");
	tables_load(&r);
	assert_null(r.unread);
	expect(&r, REWRITE_LOCAL, "x", "foo-x@a.example");
	expect(&r, REWRITE_LOCAL, "x%a.example@here.example", "foo-x@a.example");
	expect(&r, REWRITE_LOCAL, "x@empty.example", "x@empty.example");
	expect(&r, REWRITE_REMOTE, "x@me.example", "x@me.example");
	assert_string_equal(r.noat_file, "control/envnoathost");
	assert_string_equal(r.locals_file, "control/locals");
	assert_string_equal(r.virtual_file, "control/virtualdomains");
	tables_free(&r);
}

static void defaults(void **state)
{
	tables r;

	(void)state;
	unit_write("control/me", "me.example\n");
	tables_load(&r);
	assert_null(r.unread);
	expect(&r, REWRITE_LOCAL, "x", "x@me.example");
	expect(&r, REWRITE_REMOTE, "x@a.example", "x@a.example");
	assert_string_equal(r.noat_file, "control/me");
	assert_string_equal(r.locals_file, "control/me");
	tables_free(&r);
	/* there is no installation */
	unlink("control/me");
	tables_load(&r);
	assert_string_equal(r.unread, "control/me");
	assert_int_equal(r.error, ENOENT);
	tables_free(&r);
}

static void unreadable(void **state)
{
	size_t i;

	(void)state;
	unit_write("control/me", "me.example\n");
	for (i = 0; i < sizeof names / sizeof names[0]; i++) {
		tables r;

		/* (who cannot read locals.cdb reads the text, where there is one) */
		unlink(names[i]);
		assert_int_equal(mkdir(names[i], 0755), 0);
		tables_load(&r);
		print_message("%s: %s\n", names[i], r.unread ? r.unread : "read");
		assert_non_null(r.unread);
		tables_free(&r);
		rmdir(names[i]);
		unit_write("control/me", "me.example\n");
	}
}

/* Each file, and each way in which it changes, that of the contents with the old time and length as well. */
static void changes(void **state)
{
	struct timespec const old[2] = { { .tv_sec = 1000 }, { .tv_sec = 1000 } };
	struct timespec const later = { .tv_sec = time(0) + 1000 };
	struct timespec now;
	tables_stamp a;
	tables_stamp b;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof names / sizeof names[0]; i++) {
		tables_look(&a);
		unit_write(names[i], "one\n");
		assert_int_equal(utimensat(AT_FDCWD, names[i], old, 0), 0);
		tables_look(&b);
		assert_false(tables_same(&a, &b));
		tables_look(&a);
		assert_true(tables_same(&a, &b));
		unit_let_pass();
		unit_write(names[i], "two\n");
		assert_int_equal(utimensat(AT_FDCWD, names[i], old, 0), 0);
		tables_look(&b);
		assert_int_equal(a.st[i].st_size + b.st[i].st_size, 8);
		assert_false(tables_same(&a, &b));
		clock_gettime(CLOCK_REALTIME, &now);
		assert_true(tables_fresh(&b, now));
		assert_false(tables_fresh(&b, later));
		unlink(names[i]);
		/* nothing is there, but it was a moment ago */
		tables_look(&a);
		assert_false(tables_same(&a, &b));
		assert_true(tables_fresh(&a, now));
	}
}

int main(void)
{
	static struct CMUnitTest const tests[] = {
		cmocka_unit_test_setup(all_of_them, clear),
		cmocka_unit_test_setup(defaults, clear),
		cmocka_unit_test_setup(unreadable, clear),
		cmocka_unit_test_setup(changes, clear),
	};

	return cmocka_run_group_tests(tests, unit_home_make, unit_home_end);
}
