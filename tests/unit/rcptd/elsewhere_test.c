/* SPDX-License-Identifier: ISC */

#include "unit.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "home.h"
#include "rcptd/elsewhere.h"

char const *PROG = "elsewhere_test";

static int make(void **state)
{
	if (unit_home_make(state) < 0)
		return -1;
	unsetenv("QMAILLOCAL");
	/* another home, and a disk that is none */
	return mkdir("other", 0755) || mkdir("other/bin", 0755)
		|| mkdir("other/queue", 0755) || mkdir("other/control", 0755) || mkdir("disk", 0755) || mkdir("disk/queue", 0755)
		|| mkdir("home", 0755) || mkdir("home/bin", 0755) || mkdir("home/control", 0755) ? -1 : 0;
}

static int begin(void **state)
{
	(void)state;
	unit_write("other/bin/qmail-send", "");
	unit_write("other/bin/qmail-queue", "");
	assert_int_equal(chdir("home"), 0);
	unit_write("bin/qmail-queue", "");
	unit_write("bin/qmail-send", "");
	assert_int_equal(mkdir("queue", 0755), 0);
	return 0;
}

static int end(void **state)
{
	(void)state;
	unlink("bin/qmail-queue");
	unlink("control/queueroutes");
	if (unlink("queue") < 0)
		rmdir("queue");
	return chdir("..");
}

static void link_to(char const *target, char const *name)
{
	if (unlink(name) < 0)
		assert_int_equal(rmdir(name), 0);
	assert_int_equal(symlink(target, name), 0);
}

static void here(void **state)
{
	(void)state;
	assert_null(elsewhere_why());
	link_to("qmail-queue.real", "bin/qmail-queue");
	assert_null(elsewhere_why());
	unit_write("bin/qmail-queue.real", "");
	assert_null(elsewhere_why());
	link_to("../disk/queue", "queue");
	assert_null(elsewhere_why());
	unlink("bin/qmail-queue.real");
}

static void by_the_program(void **state)
{
	(void)state;
	link_to("../../other/bin/qmail-queue", "bin/qmail-queue");
	assert_string_equal(elsewhere_why(), "bin/qmail-queue leads out of this home: another one delivers");
}

/* All programs of a home may be in another directory: they are its own all the same. */
static void by_a_linked_directory(void **state)
{
	(void)state;
	assert_int_equal(rename("bin", "../bin-of-home"), 0);
	assert_int_equal(symlink("../bin-of-home", "bin"), 0);
	assert_null(elsewhere_why());
	link_to("qmail-queue.real", "bin/qmail-queue");
	unit_write("bin/qmail-queue.real", "");
	assert_null(elsewhere_why());
	unlink("bin/qmail-queue.real");
	assert_int_equal(unlink("bin"), 0);
	assert_int_equal(rename("../bin-of-home", "bin"), 0);
}

static void by_the_queue(void **state)
{
	(void)state;
	link_to("../other/queue", "queue");
	assert_string_equal(elsewhere_why(), "queue leads to another home, which delivers");
	link_to("/nowhere/at/all", "queue");
	assert_null(elsewhere_why());
	/* a link to the root, whose parent is itself */
	link_to("/", "queue");
	assert_null(elsewhere_why());
}

static void by_a_table(void **state)
{
	(void)state;
	unit_write("control/queueroutes", "");
	assert_string_equal(elsewhere_why(), "there is control/queueroutes: another home may deliver");
}

static void by_the_environment(void **state)
{
	(void)state;
	setenv("QMAILLOCAL", "/bin/true", 1);
	assert_non_null(strstr(elsewhere_why(), "QMAILLOCAL"));
	setenv("QMAILLOCAL", "", 1);
	assert_null(elsewhere_why());
	unsetenv("QMAILLOCAL");
}

/* Asked once a second. */
static void now_and_then(void **state)
{
	(void)state;
	assert_int_equal(elsewhere_now(1000), 0);
	unit_write("control/queueroutes", "");
	assert_int_equal(elsewhere_now(1999), 0);
	assert_int_equal(elsewhere_now(2000), 1);
	unlink("control/queueroutes");
	assert_int_equal(elsewhere_now(2999), 1);
	assert_int_equal(elsewhere_now(3000), 0);
}

int main(void)
{
	static struct CMUnitTest const tests[] = {
		cmocka_unit_test_setup_teardown(here, begin, end),
		cmocka_unit_test_setup_teardown(by_the_program, begin, end),
		cmocka_unit_test_setup_teardown(by_a_linked_directory, begin, end),
		cmocka_unit_test_setup_teardown(by_the_queue, begin, end),
		cmocka_unit_test_setup_teardown(by_a_table, begin, end),
		cmocka_unit_test_setup_teardown(by_the_environment, begin, end),
		cmocka_unit_test_setup_teardown(now_and_then, begin, end),
	};

	return cmocka_run_group_tests(tests, make, unit_home_end);
}
