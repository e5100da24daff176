/* SPDX-License-Identifier: ISC */

#include "unit.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/morercpthosts.h"

static char home[] = "/tmp/morercpthosts_test.XXXXXX";

static int create(void)
{
	int fd = open(MORERCPTHOSTS_FILE, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	return fd;
}

static void listed(void **state)
{
	static char const *const hosts[] = { "a.example", ".b.example" };
	morercpthosts m = MORERCPTHOSTS_ZERO;
	struct cdb_make c;
	int fd = create();
	size_t i;

	(void)state;
	assert_int_equal(cdb_make_start(&c, fd), 0);
	for (i = 0; i < 2; i++)
		assert_int_equal(cdb_make_add(&c, hosts[i], (unsigned int)strlen(hosts[i]), "", 0), 0);
	assert_int_equal(cdb_make_finish(&c), 0);
	close(fd);
	assert_int_equal(morercpthosts_open(&m), 1);
	assert_int_equal(morercpthosts_find(&m, "a.example", 9), 1);
	assert_int_equal(morercpthosts_find(&m, ".b.example", 10), 1);
	assert_int_equal(morercpthosts_find(&m, "b.example", 9), 0);
	assert_int_equal(morercpthosts_find(&m, "", 0), 0);
	morercpthosts_free(&m);
	assert_int_equal(m.fd, -1);
}

static void absent(void **state)
{
	morercpthosts m = MORERCPTHOSTS_ZERO;

	(void)state;
	unlink(MORERCPTHOSTS_FILE);
	assert_int_equal(morercpthosts_open(&m), 1);
	assert_int_equal(morercpthosts_find(&m, "a.example", 9), 0);
	morercpthosts_free(&m);
}

static void damaged(void **state)
{
	morercpthosts m = MORERCPTHOSTS_ZERO;
	int fd = create();

	(void)state;
	assert_int_equal(write(fd, "junk", 4), 4);
	close(fd);
	assert_int_equal(morercpthosts_open(&m), 1);
	assert_int_equal(morercpthosts_find(&m, "a.example", 9), -1);
	assert_int_equal(morercpthosts_find(&m, "a.example", 9), -1);
	morercpthosts_free(&m);
	unlink(MORERCPTHOSTS_FILE);
}

int main(void)
{
	static struct CMUnitTest const tests[] = {
		cmocka_unit_test(listed),
		cmocka_unit_test(absent),
		cmocka_unit_test(damaged),
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
