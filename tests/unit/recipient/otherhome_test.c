/* SPDX-License-Identifier: ISC */

#include "unit.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "home.h"
#include "recipient/otherhome.h"

char const *PROG = "otherhome_test";

static int make(void **state)
{
	if (unit_home_make(state) < 0)
		return -1;
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

/* What is found, and that the name of the other home is that (null: empty). */
static void expect(otherhome what, char const *home)
{
	char path[PATH_MAX];
	char wanted[PATH_MAX] = "";

	if (home)
		assert_non_null(realpath(home, wanted));
	assert_int_equal(otherhome_find(path), what);
	assert_string_equal(path, wanted);
}

static void here(void **state)
{
	(void)state;
	expect(OTHERHOME_NONE, 0);
	link_to("qmail-queue.real", "bin/qmail-queue");
	expect(OTHERHOME_NONE, 0);
	unit_write("bin/qmail-queue.real", "");
	expect(OTHERHOME_NONE, 0);
	link_to("../disk/queue", "queue");
	expect(OTHERHOME_NONE, 0);
	unlink("bin/qmail-queue.real");
}

static void by_the_program(void **state)
{
	(void)state;
	link_to("../../other/bin/qmail-queue", "bin/qmail-queue");
	expect(OTHERHOME_PROGRAM, "../other");
	/* a scanner: in no home */
	unit_write("../disk/scanner", "");
	link_to("../../disk/scanner", "bin/qmail-queue");
	expect(OTHERHOME_PROGRAM, 0);
	unlink("../disk/scanner");
}

/* Programs of a home that are in another directory are its own all the same, together or each by itself. */
static void by_a_linked_directory(void **state)
{
	(void)state;
	assert_int_equal(rename("bin", "../bin-of-home"), 0);
	assert_int_equal(symlink("../bin-of-home", "bin"), 0);
	expect(OTHERHOME_NONE, 0);
	link_to("qmail-queue.real", "bin/qmail-queue");
	unit_write("bin/qmail-queue.real", "");
	expect(OTHERHOME_NONE, 0);
	unlink("bin/qmail-queue.real");
	assert_int_equal(unlink("bin"), 0);
	assert_int_equal(rename("../bin-of-home", "bin"), 0);
	link_to("../../other/bin/qmail-queue", "bin/qmail-queue");
	link_to("../../other/bin/qmail-send", "bin/qmail-send");
	expect(OTHERHOME_NONE, 0);
	unlink("bin/qmail-send");
}

/* Whose bin is a link: there is no better name for it than that of the directory. */
static void by_a_program_of_a_linked_directory(void **state)
{
	(void)state;
	assert_int_equal(rename("../other/bin", "../programs"), 0);
	assert_int_equal(symlink("../programs", "../other/bin"), 0);
	link_to("../../other/bin/qmail-queue", "bin/qmail-queue");
	expect(OTHERHOME_PROGRAM, "../programs");
	assert_int_equal(unlink("../other/bin"), 0);
	assert_int_equal(rename("../programs", "../other/bin"), 0);
}

static void by_the_queue(void **state)
{
	(void)state;
	link_to("../other/queue", "queue");
	expect(OTHERHOME_QUEUE, "../other");
	link_to("/nowhere/at/all", "queue");
	expect(OTHERHOME_NONE, 0);
	/* a link to the root, whose parent is itself */
	link_to("/", "queue");
	expect(OTHERHOME_NONE, 0);
}

int main(void)
{
	static struct CMUnitTest const tests[] = {
		cmocka_unit_test_setup_teardown(here, begin, end),
		cmocka_unit_test_setup_teardown(by_the_program, begin, end),
		cmocka_unit_test_setup_teardown(by_a_linked_directory, begin, end),
		cmocka_unit_test_setup_teardown(by_a_program_of_a_linked_directory, begin, end),
		cmocka_unit_test_setup_teardown(by_the_queue, begin, end),
	};

	return cmocka_run_group_tests(tests, make, unit_home_end);
}
